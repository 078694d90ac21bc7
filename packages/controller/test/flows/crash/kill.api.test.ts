/** Real workers, really killed: each takes over what the one before left, and dies at the next change. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation, OperationKind, OperationStep } from '../../../src/domain/operations.ts';
import { pointsOf } from '../../../src/flows/fault-points.ts';
import { OperationQueue } from '../../../src/flows/operation-queue.ts';
import { flowOf } from '../../../src/flows/registry.ts';
import * as operations from '../../../src/store/operations/operations.ts';
import { ended } from '../support.ts';
import { Harness, type Trial } from './harness.ts';
import { create, SET_UPS } from './set-ups.ts';

const ROOT = join(import.meta.dirname, '../../../../..');
const PROGRAM = join(ROOT, 'packages/controller/bin/octavia.ts');

/** Where on the way of a change the worker dies, from its begin to its end. */
const DEATHS: [kind: OperationKind, at: number][] = [
  ['create_load_balancer', 0.3],
  ['create_member', 0.6],
  ['update_listener', 0.2],
  ['failover_load_balancer', 0.5],
  ['batch_update_members', 0.8],
  ['failover_amphora', 0.7],
  ['update_load_balancer', 0.85],
  ['delete_load_balancer', 0.5],
];

let harness: Harness;
let trial: Trial;
const workers: ChildProcess[] = [];
beforeAll(async () => {
  harness = await Harness.open(new OperationQueue());
  trial = harness.trial('SINGLE');
});
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await harness.close();
});

function pointOf(kind: OperationKind, at: number): string {
  const id = '00000000-0000-4000-8000-000000000000';
  const resourceId = '00000000-0000-4000-8000-000000000001';
  const operation = { id, kind, loadBalancerId: id, resourceId, input: { topology: 'SINGLE' }, flowVersion: 1 };
  const { onward } = pointsOf(flowOf(operation as Operation), operation as Operation);
  return onward[Math.floor(onward.length * at)] ?? '';
}

function worker(faultPoint: string): ChildProcess {
  const child = spawn(join(ROOT, 'node_modules/.bin/node'), [PROGRAM, 'worker'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      OCTAVIA_FAULT_POINT: faultPoint,
      OS_DATABASE__CONNECTION: harness.url,
      OS_CONTROLLER_WORKER__NETWORK_DRIVER: 'network_noop_driver',
      OS_CONTROLLER_WORKER__COMPUTE_DRIVER: 'compute_noop_driver',
      OS_CONTROLLER_WORKER__AMPHORA_DRIVER: 'amphora_noop_driver',
      OS_CERTIFICATES__CERT_GENERATOR: 'noop_cert_generator',
      OS_HEALTH_MANAGER__HEARTBEAT_KEY: 'test',
      OS_DEFAULT__LOG_FILE: '/dev/null',
    },
  });
  workers.push(child);
  return child;
}

const stepsOf = async (id: string): Promise<OperationStep[]> =>
  (await operations.stepsOf(harness.store.db, [id])).get(id) ?? [];

/** An operation as its worker left it. */
interface Left {
  operation: Operation;
  done: OperationStep[];
}

/** Another worker has ended it, and repeated none of the steps that were done. */
async function expectCarriedOn({ operation, done }: Left, point: string): Promise<void> {
  const { id, workerId } = operation;
  const after = await ended(harness.store, id);
  expect(after, point).toMatchObject({ state: 'succeeded', attempts: 2 });
  expect(after.workerId, point).not.toBe(workerId);
  const numbers = new Set(done.map(({ number }) => number));
  expect((await stepsOf(id)).filter(({ number }) => numbers.has(number))).toEqual(done);
}

test('a change survives the death of its worker, whatever it was doing', async () => {
  let left: Left | null = null;
  let stepsDone = 0;
  for (const [kind, at] of DEATHS) {
    const point = pointOf(kind, at);
    const child = worker(point);
    const died = once(child, 'exit');
    // What the one before left is ended first.
    if (left) await expectCarriedOn(left, point);
    const setUp = SET_UPS.find((entry) => entry.kind === kind && entry.topology === 'SINGLE');
    await (kind === 'create_load_balancer' ? create(trial) : setUp?.ask(trial));
    expect((await died)[1], point).toBe('SIGKILL');
    const [operation] = await operations.byLoadBalancer(harness.store.db, trial.loadBalancerId, 1);
    expect(operation, point).toMatchObject({ kind, endedAt: null, attempts: 1 });
    left = { operation: operation!, done: (await stepsOf(operation!.id)).filter(({ state }) => state === 'done') };
    stepsDone += left.done.length;
    // Its heartbeat never ages: that its process is gone can be seen.
    await harness.store.pool.query(`update worker set heartbeat_at = now() + interval '1 hour'`);
  }
  expect(stepsDone).toBeGreaterThan(DEATHS.length);
  worker('');
  await expectCarriedOn(left!, 'the last');
  const count = async (text: string) => (await harness.store.pool.query(text)).rowCount;
  expect(await count(`select 1 from load_balancer where provisioning_status <> 'DELETED'`)).toBe(0);
  expect(await count(`select 1 from amphora where status <> 'DELETED'`)).toBe(0);
  expect(await count('select 1 from local_port')).toBe(0);
}, 300_000);
