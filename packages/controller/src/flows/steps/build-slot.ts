import { OctaviaError } from '../../errors.ts';
import * as buildSlots from '../../store/build-slots.ts';
import type { StepContext } from '../flow.ts';

/**
 * Waits until the amphora may be built ([haproxy_amphora] build_rate_limit). The place is given back when its instance runs.
 * @param priority lower goes first
 * @throws OctaviaError BUILD_SLOT_TIMEOUT
 */
export async function waitForSlot(context: StepContext, amphoraId: string, priority: number): Promise<void> {
  const { store, options, sleep } = context;
  const { limit, attempts, intervalMs } = options.buildSlots;
  if (limit < 0) return;
  for (let attempt = 0; attempt <= attempts; attempt += 1) {
    if (await store.transaction((tx) => buildSlots.acquire(tx, amphoraId, priority, limit))) return;
    if (attempt < attempts) await sleep(intervalMs);
  }
  await buildSlots.release(store.db, amphoraId);
  throw new OctaviaError('BUILD_SLOT_TIMEOUT', { seconds: Math.round((attempts * intervalMs) / 1000) });
}
