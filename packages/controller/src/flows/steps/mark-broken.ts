import type { ApplyOutcome } from '../../dataplane/interface.ts';
import * as listeners from '../../store/listeners.ts';
import type { StepContext } from '../flow.ts';

/** A listener the data plane had to do without is in ERROR, and stays so when the operation succeeds. */
export async function markBroken({ store }: StepContext, { unusable = [] }: ApplyOutcome): Promise<void> {
  for (const { listenerId, reason } of unusable) {
    await listeners.update(store.db, listenerId, { provisioningStatus: 'ERROR', statusReason: reason });
  }
}
