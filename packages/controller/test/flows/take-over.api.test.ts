import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FlowEngine } from '../../src/flows/engine.ts';
import { OperationQueue } from '../../src/flows/operation-queue.ts';
import { Reconciler, thisWorker } from '../../src/flows/reconciler.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { ended, flowWith, storeOnly, submit } from './support.ts';

let testStore: TestStore;
let child: ChildProcess | undefined;

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await testStore.close();
});

test('another worker ends what a killed one began, without repeating its finished steps', async () => {
  const { store, url } = testStore;
  const node = join(import.meta.dirname, '../../../../node_modules/.bin/node');
  child = spawn(node, [join(import.meta.dirname, 'worker-child.ts'), url, 'victim'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const reachedTwo = new Promise<void>((resolve) => {
    createInterface({ input: child!.stdout! }).on('line', (line) => {
      if (line === 'one' || line === 'two') said.push(line);
      if (line === 'two') resolve();
    });
  });
  const queue = new OperationQueue();
  const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE' });
  const operation = await store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    return submit(queue, tx, lb.id);
  });
  await reachedTwo;
  expect(said).toEqual(['one', 'two']);
  child.kill('SIGKILL');
  await once(child, 'exit');

  const journal: string[] = [];
  const note = (name: string) => ({ name, run: async () => void journal.push(name) as undefined });
  const engine = new FlowEngine(
    { url, workerId: 'new-owner', dispatchIntervalMs: 20 },
    storeOnly(store),
    flowWith([note('one'), note('two')]),
  );
  const reconciler = new Reconciler(store, engine, thisWorker('new-owner'), SILENT_LOG);
  await reconciler.announce();
  await engine.start();
  const before = Date.now();
  reconciler.start();
  try {
    expect(await ended(store, operation, 30_000)).toMatchObject({
      state: 'succeeded',
      workerId: 'new-owner',
      attempts: 2,
    });
    expect(journal).toEqual(['two']);
    expect((await loadBalancers.get(store.db, lb.id))?.provisioningStatus).toBe('ACTIVE');
    // The dead worker's process can be seen to be gone: no need to wait for its heartbeat to age.
    expect(Date.now() - before).toBeLessThan(10_000);
  } finally {
    await reconciler.stop();
    await engine.stop(1000);
  }
});
