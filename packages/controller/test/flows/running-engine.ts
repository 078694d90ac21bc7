import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { FlowEngine } from '../../src/flows/engine.ts';
import type { FlowDependencies } from '../../src/flows/flow.ts';
import { OperationQueue } from '../../src/flows/operation-queue.ts';
import { Reconciler, thisWorker } from '../../src/flows/reconciler.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { storeOnly } from './support.ts';

/** A database with one worker on it, known to the others, and a queue to give it operations. */
export interface RunningEngine {
  testStore: TestStore;
  engine: FlowEngine;
  reconciler: Reconciler;
  queue: OperationQueue;
  stop(): Promise<void>;
}

/**
 * @param flowOf asked for each operation as it begins
 * @param testStore of an engine that ended before
 */
export async function startEngine(
  flowOf: ConstructorParameters<typeof FlowEngine>[2],
  dependencies: Partial<FlowDependencies> = {},
  given: TestStore | null = null,
): Promise<RunningEngine> {
  const testStore = given ?? (await openTestStore());
  const { store, url } = testStore;
  const workerId = `test-${randomUUID()}`;
  const engine = new FlowEngine(
    { url, workerId, dispatchIntervalMs: 20 },
    { ...storeOnly(store), ...dependencies },
    flowOf,
  );
  const reconciler = new Reconciler(store, engine, thisWorker(workerId), SILENT_LOG);
  await reconciler.announce();
  await engine.start();
  // As a worker does. Without it the lease ends after 15 s, and nothing goes on in a file that takes longer on a busy machine.
  const beats = setInterval(() => void reconciler.announce().catch(() => undefined), 2_000);
  const queue = new OperationQueue();
  const stop = async (): Promise<void> => {
    clearInterval(beats);
    await engine.stop(1000);
    if (!given) await testStore.close();
  };
  return { testStore, engine, reconciler, queue, stop };
}
