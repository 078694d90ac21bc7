import type { ApplyOutcome } from '../../dataplane/interface.ts';
import { breakListener, restoreErrorBelow } from '../../status/under-way.ts';
import type { StepContext } from '../flow.ts';

/**
 * A listener the data plane had to do without is in ERROR, and stays so when the operation succeeds. So do the policies and
 * rules that it was refused for: the code they keep tells the next new amphora what to leave out.
 */
export async function markBroken({ store, operation }: StepContext, { unusable = [] }: ApplyOutcome): Promise<void> {
  for (const { listenerId, reason, code } of unusable) {
    await breakListener(store.db, listenerId, { reason, code, operationId: null });
    // Of other operations what waits is being changed: its former failure says nothing of what it is now.
    if (operation.kind.startsWith('failover_')) await restoreErrorBelow(store.db, listenerId, 'CONFIGURATION_REFUSED');
  }
}
