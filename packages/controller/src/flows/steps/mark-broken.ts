import type { ApplyOutcome } from '../../dataplane/interface.ts';
import { refusalOf } from '../../dataplane/refusal.ts';
import * as listeners from '../../store/listeners.ts';
import { standBackBelow } from '../../store/settlement.ts';
import type { StepContext } from '../flow.ts';

/**
 * A listener the data plane had to do without is in ERROR, and stays so when the operation succeeds. So do the policies and
 * rules that it was refused for: the reason they keep tells the next new amphora what to leave out.
 */
export async function markBroken({ store, operation }: StepContext, { unusable = [] }: ApplyOutcome): Promise<void> {
  for (const { listenerId, reason } of unusable) {
    await listeners.update(store.db, listenerId, { provisioningStatus: 'ERROR', statusReason: reason });
    // Of other operations what waits is being changed: its former reason says nothing of what it is now.
    if (operation.kind.startsWith('failover_')) await standBackBelow(store.db, listenerId, refusalOf(listenerId));
  }
}
