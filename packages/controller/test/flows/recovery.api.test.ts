/** What no operation works on, what failed for a cause that can pass, and workers that come back from the dead. */

import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Operation } from '../../src/domain/operations.ts';
import { OctaviaError } from '../../src/errors.ts';
import type { Flow, Step } from '../../src/flows/flow.ts';
import { Lease } from '../../src/flows/in-charge.ts';
import type { OperationQueue } from '../../src/flows/operation-queue.ts';
import { act } from '../../src/flows/operator-verbs.ts';
import { Sweeper } from '../../src/flows/sweeper.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { insertOperation } from '../support/operations.ts';
import { setStatuses } from '../support/statuses.ts';
import { aListener, aLoadBalancer, type TestStore } from '../support/store.ts';
import { type RunningEngine, startEngine } from './running-engine.ts';
import { ended, flowWith, storeOnly, submit } from './support.ts';

let running: RunningEngine;
let testStore: TestStore;
let queue: OperationQueue;
let flowOf: (operation: Operation) => Flow;

beforeAll(async () => {
  running = await startEngine((operation) => flowOf(operation));
  ({ testStore, queue } = running);
});
afterAll(() => running.stop());

let clock = 0;
beforeEach(() => {
  clock = 0;
});

const sweeper = (options: Partial<ConstructorParameters<typeof Sweeper>[3]> = {}) =>
  new Sweeper(
    testStore.store,
    queue,
    SILENT_LOG,
    { providers: ['amphora'], retries: 3, retryIntervalSeconds: 0, ...options },
    () => clock,
  );
const get = (id: string) => loadBalancers.get(testStore.store.db, id);
const step = (name: string, run: Step['run'] = async () => undefined): Step => ({ name, run });

async function stored(changes: Parameters<typeof aLoadBalancer>[0] = {}) {
  const lb = aLoadBalancer(changes);
  await testStore.store.transaction((tx) => loadBalancers.insert(tx, lb));
  return lb;
}

describe('statuses without an owner', () => {
  test('a load balancer nothing works on is in ERROR within a minute, with a reason', async () => {
    const lb = await stored({ provisioningStatus: 'PENDING_DELETE' });
    const other = await stored({ provisioningStatus: 'PENDING_UPDATE', provider: 'noop_driver' });
    const sweep = sweeper();
    for (; clock <= 60_000; clock += 5_000) await sweep.sweep();
    expect(await get(lb.id)).toMatchObject({
      provisioningStatus: 'ERROR',
      statusReason: 'The operation this waited for is gone. Fail over or delete the load balancer.',
    });
    expect((await get(other.id))?.provisioningStatus).toBe('PENDING_UPDATE');
  });

  test('a child that waits below one that does not is in ERROR, with a reason', async () => {
    const lb = await stored();
    const listener = aListener(lb.id, { provisioningStatus: 'PENDING_UPDATE' });
    await testStore.store.transaction((tx) => listeners.insert(tx, listener));
    await sweeper().sweep();
    expect(await listeners.get(testStore.store.db, listener.id)).toMatchObject({
      provisioningStatus: 'ERROR',
      statusReason: 'The operation this waited for is gone. Update or delete it.',
    });
    expect((await get(lb.id))?.provisioningStatus).toBe('ACTIVE');
  });

  test('what an operation works on is left alone', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    flowOf = flowWith([step('long', async () => void (await released) as undefined)]);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
    const sweep = sweeper();
    for (; clock <= 60_000; clock += 20_000) await sweep.sweep();
    expect((await get(lb.id))?.provisioningStatus).toBe('PENDING_UPDATE');
    release();
    await ended(testStore.store, id);
    expect((await get(lb.id))?.provisioningStatus).toBe('ACTIVE');
  });
});

describe('failures that can pass', () => {
  const unreachable = () => new OctaviaError('AMPHORA_UNREACHABLE', { id: 'a', address: 'b', detail: 'c' });

  async function failed(error: Error, kind: Operation['kind'] = 'update_load_balancer') {
    flowOf = flowWith([
      step('one', async () => {
        throw error;
      }),
    ]);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id, kind));
    expect((await ended(testStore.store, id)).state).toBe('failed');
    return { lb, id };
  }
  const history = (lb: string) => operations.byLoadBalancer(testStore.store.db, lb);

  test.each(['update_load_balancer', 'create_load_balancer'] as const)(
    '%s is tried again until the cause has passed',
    async (kind) => {
      const { lb, id } = await failed(unreachable(), kind);
      // Both say the same; what counts is which operation they failed with.
      const broken = { provisioningStatus: 'ERROR', statusReason: unreachable().message } as const;
      const [listener, other] = [aListener(lb.id, broken), aListener(lb.id, { ...broken, protocolPort: 81 })];
      await testStore.store.transaction(async (tx) => {
        for (const each of [listener, other]) await listeners.insert(tx, each);
      });
      const { pool } = testStore.store;
      await pool.query('update listener set failed_operation_id = $1 where id = $2', [id, listener.id]);
      await sweeper().sweep();
      const [second] = await history(lb.id);
      expect(second).toMatchObject({ kind, retryOf: id, retryNumber: 1 });
      await ended(testStore.store, second?.id ?? '');
      flowOf = flowWith([step('one')]);
      await sweeper().sweep();
      const [third] = await history(lb.id);
      expect(third).toMatchObject({ retryOf: second?.id, retryNumber: 2 });
      expect((await ended(testStore.store, third?.id ?? '')).state).toBe('succeeded');
      expect(await get(lb.id)).toMatchObject({ provisioningStatus: 'ACTIVE', statusReason: null });
      const child = await listeners.get(testStore.store.db, listener.id);
      expect(child?.provisioningStatus).toBe(kind === 'create_load_balancer' ? 'ACTIVE' : 'ERROR');
      expect((await listeners.get(testStore.store.db, other.id))?.provisioningStatus).toBe('ERROR');
    },
  );

  test('only so often, and later each time', async () => {
    const { lb } = await failed(unreachable());
    const sweep = sweeper({ retries: 2 });
    for (let round = 0; round < 5; round++) {
      await sweep.sweep();
      await ended(testStore.store, (await history(lb.id))[0]?.id ?? '');
    }
    expect(await history(lb.id)).toHaveLength(3);
    const { lb: patient } = await failed(unreachable());
    const slow = sweeper({ retryIntervalSeconds: 30 });
    await slow.sweep();
    expect(await history(patient.id)).toHaveLength(1);
    const age = (seconds: number) =>
      testStore.store.pool.query(
        `update operation set ended_at = now() - make_interval(secs => $2) where load_balancer_id = $1`,
        [patient.id, seconds],
      );
    await age(31);
    await slow.sweep();
    expect(await history(patient.id)).toHaveLength(2);
    await ended(testStore.store, (await history(patient.id))[0]?.id ?? '');
    await age(31);
    await slow.sweep();
    expect(await history(patient.id)).toHaveLength(2);
    await age(61);
    await slow.sweep();
    expect(await history(patient.id)).toHaveLength(3);
    await ended(testStore.store, (await history(patient.id))[0]?.id ?? '');
  });

  test('not when switched off, not for other causes, not once the user wished for something else', async () => {
    const { lb } = await failed(unreachable());
    await sweeper({ retries: 0 }).sweep();
    expect(await history(lb.id)).toHaveLength(1);
    flowOf = flowWith([]);
    // The user deletes it instead.
    await testStore.store.transaction(async (tx) => {
      await setStatuses(tx, 'load_balancer', lb.id, { provisioningStatus: 'PENDING_DELETE' });
      await submit(queue, tx, lb.id, 'delete_load_balancer');
    });
    await sweeper().sweep();
    expect(await history(lb.id)).toHaveLength(2);
    const refused = new OctaviaError('AMPHORA_REFUSED', { id: 'a', status: 400, request: 'x', detail: 'no' });
    const { lb: broken } = await failed(refused);
    await sweeper().sweep();
    expect(await history(broken.id)).toHaveLength(1);
  });
});

describe('workers that were taken over', () => {
  test('one that comes back neither goes on nor undoes', async () => {
    const journal: string[] = [];
    const { promise: asleep, resolve: wake } = Promise.withResolvers<void>();
    let runs = 0;
    flowOf = flowWith([
      {
        name: 'one',
        async run() {
          runs += 1;
          if (runs > 1) return void journal.push('one by the new owner') as undefined;
          await asleep;
          journal.push('the dead man moved');
          throw new Error('and stumbled');
        },
        undo: async () => void journal.push('undo one'),
      },
      step('two', async () => void journal.push('two') as undefined),
    ]);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
    while (runs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await running.engine.resume([id]);
    expect(await ended(testStore.store, id)).toMatchObject({ state: 'succeeded', attempts: 2 });
    wake();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(journal).toEqual(['one by the new owner', 'two', 'the dead man moved']);
    expect((await get(lb.id))?.provisioningStatus).toBe('ACTIVE');
  });

  test('one that could not report itself touches nothing until it can', async () => {
    let now = 0;
    const lease = new Lease(() => now);
    expect(lease.holds()).toBe(true);
    lease.renew();
    now = 14_999;
    expect(lease.holds()).toBe(true);
    now = 15_000;
    expect(lease.holds()).toBe(false);

    const calls: string[] = [];
    const dependencies = {
      ...storeOnly(testStore.store),
      sleep: async () => {
        calls.push('waited');
        lease.renew();
      },
      compute: { name: 'x', delete: async () => void calls.push('deleted') } as never,
    };
    const { runOperation } = await import('../../src/flows/runner.ts');
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const operation = randomUUID();
    await testStore.store.transaction((tx) =>
      insertOperation(tx, {
        id: operation,
        loadBalancerId: lb.id,
        projectId: 'p',
        kind: 'update_load_balancer',
        resourceType: 'load_balancer',
        resourceId: lb.id,
        input: {},
        flowVersion: 1,
      }),
    );
    const flow = flowWith([step('one', async ({ compute }) => void (await compute.delete('i')) as undefined)]);
    await runOperation(operation, flow, dependencies, { workerId: 'paused', lease });
    expect(calls).toEqual(['waited', 'deleted']);
  });

  test('changes of one load balancer keep their order when the first is taken over', async () => {
    const order: string[] = [];
    let block = true;
    const { promise: first, resolve: started } = Promise.withResolvers<void>();
    flowOf = (operation) =>
      flowWith([
        step('one', async () => {
          if (block) {
            started();
            await new Promise(() => undefined);
          }
          order.push(operation.id);
          return undefined;
        }),
      ])(operation);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      ids.push(await testStore.store.transaction((tx) => submit(queue, tx, lb.id)));
    }
    await first;
    block = false;
    await running.engine.resume(ids.slice(0, 1));
    for (const id of ids) expect((await ended(testStore.store, id)).state).toBe('succeeded');
    expect(order).toEqual(ids);
  });
});

describe('by hand', () => {
  const actor = { userId: 'operator', projectId: null, requestId: null };
  const byHand = (verb: 'abandon' | 'reset', id: string) =>
    testStore.store.transaction((tx) =>
      act(tx, verb, id, { reason: null, status: 'ACTIVE' }, actor, async () => undefined),
    );

  test('an abandoned operation is undone before its next step', async () => {
    const journal: string[] = [];
    const { promise: inFirst, resolve: reached } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    flowOf = flowWith([
      {
        name: 'one',
        async run() {
          reached();
          await released;
          return undefined;
        },
        undo: async () => void journal.push('undo one'),
      },
      step('two', async () => void journal.push('two') as undefined),
    ]);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
    await inFirst;
    await byHand('abandon', id);
    release();
    expect(await ended(testStore.store, id)).toMatchObject({ state: 'failed', reason: 'Abandoned by an operator.' });
    expect(journal).toEqual(['undo one']);
    expect((await get(lb.id))?.provisioningStatus).toBe('ERROR');
  });

  test('one that hangs for ever is reset, and what waits behind it goes on', async () => {
    const { promise: inFirst, resolve: reached } = Promise.withResolvers<void>();
    let hang = true;
    flowOf = flowWith([
      step('one', async () => {
        reached();
        return hang ? new Promise<never>(() => undefined) : undefined;
      }),
    ]);
    const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
    const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
    await inFirst;
    hang = false;
    await byHand('reset', id);
    expect(await get(lb.id)).toMatchObject({ provisioningStatus: 'ACTIVE', statusReason: null });
    const next = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
    await running.reconciler.round();
    await running.reconciler.round();
    expect((await ended(testStore.store, next)).state).toBe('succeeded');
  });
});

test('a release finishes what the former one began, by the flow of that time', async () => {
  const journal: string[] = [];
  const note = (name: string): Step => step(name, async () => void journal.push(name) as undefined);
  const former: Flow = { ...flowWith([note('old one'), note('old two')])({} as Operation), version: 1 };
  const next: Flow = { ...flowWith([note('new one')])({} as Operation), version: 2 };
  // The former release: it dies in its second step.
  const { promise: inSecond, resolve: reached } = Promise.withResolvers<void>();
  flowOf = flowWith([
    note('old one'),
    step('old two', async () => {
      reached();
      return new Promise<never>(() => undefined);
    }),
  ]);
  const lb = await stored({ provisioningStatus: 'PENDING_UPDATE' });
  const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
  await inSecond;
  // This release has both versions, and accepts changes with the newer.
  flowOf = ({ flowVersion }) => (flowVersion === 1 ? former : next);
  const later = randomUUID();
  await testStore.store.transaction(async (tx) => {
    const operation = (await operations.get(tx, id)) as Operation;
    await queue.submit(tx, { ...operation, id: later, flowVersion: 2 });
  });
  await running.engine.resume([id]);
  expect(await ended(testStore.store, id)).toMatchObject({ state: 'succeeded', flowVersion: 1 });
  expect(await ended(testStore.store, later)).toMatchObject({ state: 'succeeded', flowVersion: 2 });
  expect(journal).toEqual(['old one', 'old two', 'new one']);
  const versions = await testStore.store.pool.query(
    `select distinct application_version from dbos.workflow_status where workflow_uuid = any($1)`,
    [[id, later]],
  );
  expect(versions.rows).toEqual([{ application_version: 'octavia' }]);
});
