import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Operation } from '../../src/domain/operations.ts';
import { OctaviaError } from '../../src/errors.ts';
import type { Flow, Step } from '../../src/flows/flow.ts';
import type { OperationQueue } from '../../src/flows/operation-queue.ts';
import { flowOf as releasedFlowOf } from '../../src/flows/registry.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { insertOperation } from '../support/operations.ts';
import { setStatuses } from '../support/statuses.ts';
import { aListener, aLoadBalancer, aPool, type TestStore } from '../support/store.ts';
import { type RunningEngine, startEngine } from './running-engine.ts';
import { ended, flowWith, submit } from './support.ts';

let running: RunningEngine;
let testStore: TestStore;
let queue: OperationQueue;
/** What the next operations do; each test sets it. */
let flowOf: (operation: Operation) => Flow;

beforeAll(async () => {
  running = await startEngine((operation) => flowOf(operation));
  ({ testStore, queue } = running);
});
afterAll(() => running.stop());

let journal: string[];
beforeEach(() => {
  journal = [];
});

const step = (name: string, run: () => Promise<string | undefined> = async () => undefined): Step => ({
  name,
  async run() {
    journal.push(name);
    return run();
  },
  async undo() {
    journal.push(`undo ${name}`);
  },
});

/** A load balancer that waits for an update, with its operation. */
async function accepted(changes: Parameters<typeof aLoadBalancer>[0] = {}): Promise<{ lb: string; operation: string }> {
  const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE', ...changes });
  const operation = await testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    return submit(queue, tx, lb.id);
  });
  return { lb: lb.id, operation };
}

const statusOf = async (lb: string) => (await loadBalancers.get(testStore.store.db, lb))?.provisioningStatus;

test('steps run once, in order, and the timeline tells', async () => {
  flowOf = flowWith([step('one'), step('two', async () => 'reload')]);
  const { lb, operation } = await accepted();
  expect(await ended(testStore.store, operation)).toMatchObject({
    state: 'succeeded',
    reason: null,
    attempts: 1,
    currentStep: null,
  });
  expect(journal).toEqual(['one', 'two']);
  expect(await statusOf(lb)).toBe('ACTIVE');
  const timeline = (await operations.stepsOf(testStore.store.db, [operation])).get(operation) ?? [];
  expect(timeline).toMatchObject([
    { number: 1, phase: 'do', name: 'one', state: 'done' },
    { number: 2, phase: 'do', name: 'two', state: 'done', detail: 'reload' },
  ]);
  expect(timeline.every((entry) => entry.endedAt !== null)).toBe(true);
});

test('a failing step is undone with all before it, last first, and the reason is kept', async () => {
  const fail = async () => {
    throw new OctaviaError('AMPHORA_UNREACHABLE', { id: 'a', address: '198.18.0.9', detail: 'refused' });
  };
  flowOf = flowWith([step('one'), step('two', fail), step('three')]);
  const { lb, operation } = await accepted();
  const reason = 'Amphora a did not answer at 198.18.0.9: refused';
  expect(await ended(testStore.store, operation)).toMatchObject({ state: 'failed', reason });
  expect(journal).toEqual(['one', 'two', 'undo two', 'undo one']);
  expect(await loadBalancers.get(testStore.store.db, lb)).toMatchObject({
    provisioningStatus: 'ERROR',
    statusReason: reason,
  });
});

test('lanes run beside each other, each in order, and are undone when one fails', async () => {
  const begun = new Set<string>();
  const both = (number: number) =>
    vi.waitUntil(() => begun.has(`a ${number}`) && begun.has(`b ${number}`), { timeout: 10_000 });
  const lane = (name: string, fails: boolean, waitsForFailure: boolean) => [
    step(`${name} 1`, async () => {
      begun.add(`${name} 1`);
      await both(1);
      return undefined;
    }),
    step(`${name} 2`, async () => {
      begun.add(`${name} 2`);
      await both(2);
      if (fails) {
        begun.add('failure');
        throw new Error('no');
      }
      if (waitsForFailure) {
        await vi.waitUntil(() => begun.has('failure'), { timeout: 10_000 });
        // The runner hears of it at once, but not before us.
        await setTimeout(300);
      }
      return undefined;
    }),
    step(`${name} 3`),
  ];
  flowOf = flowWith([
    step('first'),
    { name: 'both', parallel: [lane('a', false, false), lane('b', false, false)] },
    step('last'),
  ]);
  expect(await ended(testStore.store, (await accepted()).operation)).toMatchObject({ state: 'succeeded' });
  expect(journal.slice(0, 3).toSorted()).toEqual(['a 1', 'b 1', 'first']);
  expect(journal[0]).toBe('first');
  expect(journal.at(-1)).toBe('last');
  expect(journal.filter((name) => name.startsWith('a'))).toEqual(['a 1', 'a 2', 'a 3']);
  journal = [];
  begun.clear();
  flowOf = flowWith([
    step('first'),
    { name: 'both', parallel: [lane('a', false, true), lane('b', true, false)] },
    step('last'),
  ]);
  expect(await ended(testStore.store, (await accepted()).operation)).toMatchObject({ state: 'failed' });
  const undone = journal.filter((name) => name.startsWith('undo'));
  // The other lane ended its second step and began no third.
  expect(undone.filter((name) => name.includes('a'))).toEqual(['undo a 2', 'undo a 1']);
  expect(undone.filter((name) => name.includes('b'))).toEqual(['undo b 2', 'undo b 1']);
  expect(undone.at(-1)).toBe('undo first');
  expect(journal).not.toContain('last');
});

test('the current step is one that runs, also when the lane beside it has ended', async () => {
  let release = (): void => undefined;
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  const slow = step('slow', () => held);
  flowOf = flowWith([{ name: 'both', parallel: [[slow], [step('quick 1'), step('quick 2')]] }]);
  const { operation } = await accepted();
  const current = async () => (await operations.get(testStore.store.db, operation))?.currentStep;
  await expect.poll(async () => [journal.includes('quick 2'), await current()]).toEqual([true, 'slow']);
  release();
  expect(await ended(testStore.store, operation)).toMatchObject({ state: 'succeeded' });
});

test('an undo that fails does not stop the others', async () => {
  const stubborn: Step = {
    name: 'two',
    run: async () => {
      throw new Error('x');
    },
    undo: async () => {
      throw new Error('y');
    },
  };
  flowOf = flowWith([step('one'), stubborn]);
  const { operation } = await accepted();
  expect(await ended(testStore.store, operation)).toMatchObject({ state: 'failed' });
  expect(journal).toEqual(['one', 'undo one']);
});

test('texts of unexpected errors stay out of what tenants read', async () => {
  flowOf = flowWith([
    step('one', async () => {
      throw new Error('password=hunter2');
    }),
  ]);
  const { lb, operation } = await accepted();
  const { reason } = await ended(testStore.store, operation);
  expect(reason).not.toContain('hunter2');
  expect((await loadBalancers.get(testStore.store.db, lb))?.statusReason).toBe(reason);
});

test('a rolled back transaction leaves neither operation nor flow', async () => {
  flowOf = flowWith([step('never')]);
  const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE' });
  let id = '';
  const attempt = testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    id = await submit(queue, tx, lb.id);
    throw new Error('rolled back');
  });
  await expect(attempt).rejects.toThrow('rolled back');
  // One that is accepted afterwards has run; the former would have, too.
  await ended(testStore.store, (await accepted()).operation);
  expect(journal).toEqual(['never']);
  expect(await operations.get(testStore.store.db, id)).toBeNull();
});

test('changes of one load balancer run one after the other in order, those of others beside them', async () => {
  const open = new Map<string, number>();
  let most = 0;
  const order: string[] = [];
  flowOf = (operation) =>
    flowWith([
      {
        name: 'work',
        async run() {
          const now = (open.get(operation.loadBalancerId) ?? 0) + 1;
          open.set(operation.loadBalancerId, now);
          expect(now).toBe(1);
          most = Math.max(
            most,
            [...open.values()].reduce((a, b) => a + b, 0),
          );
          order.push(operation.id);
          // The first of each load balancer wait for each other: were they not run side by side, this would fail.
          await vi.waitUntil(() => most === 2, { timeout: 10_000 });
          open.set(operation.loadBalancerId, now - 1);
          return undefined;
        },
      },
    ])(operation);
  const lbs = [aLoadBalancer(), aLoadBalancer()];
  const submitted: Record<string, string[]> = {};
  for (const lb of lbs) await testStore.store.transaction((tx) => loadBalancers.insert(tx, lb));
  for (let round = 0; round < 4; round++) {
    for (const lb of lbs) {
      const id = await testStore.store.transaction((tx) => submit(queue, tx, lb.id));
      submitted[lb.id] = [...(submitted[lb.id] ?? []), id];
    }
  }
  for (const id of Object.values(submitted).flat()) expect((await ended(testStore.store, id)).state).toBe('succeeded');
  for (const ids of Object.values(submitted)) expect(order.filter((id) => ids.includes(id))).toEqual(ids);
  expect(most).toBe(2);
});

test('an operation of a flow version this release does not know ends as failed, not pending', async () => {
  flowOf = releasedFlowOf;
  const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE' });
  const id = randomUUID();
  await testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    await queue.submit(tx, {
      id,
      loadBalancerId: lb.id,
      projectId: 'p',
      kind: 'update_load_balancer',
      resourceType: 'load_balancer',
      resourceId: lb.id,
      input: {},
      flowVersion: 999,
    });
  });
  expect((await ended(testStore.store, id)).reason).toContain('version 999');
  expect(await statusOf(lb.id)).toBe('ERROR');
});

describe('end states', () => {
  async function tree() {
    const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE' });
    const pool = aPool(lb.id, { provisioningStatus: 'PENDING_UPDATE' });
    const listener = aListener(lb.id, { provisioningStatus: 'PENDING_UPDATE', defaultPoolId: pool.id });
    await testStore.store.transaction(async (tx) => {
      await loadBalancers.insert(tx, lb);
      await pools.insert(tx, pool);
      await listeners.insert(tx, listener);
    });
    return { lb, pool, listener };
  }
  const statuses = async ({ lb, pool, listener }: Awaited<ReturnType<typeof tree>>) => ({
    lb: await statusOf(lb.id),
    pool: (await pools.get(testStore.store.db, pool.id))?.provisioningStatus,
    listener: (await listeners.get(testStore.store.db, listener.id))?.provisioningStatus,
  });

  test('a failed child change puts only the child in ERROR', async () => {
    flowOf = flowWith([
      step('one', async () => {
        throw new Error('no');
      }),
    ]);
    const objects = await tree();
    const id = await testStore.store.transaction((tx) =>
      submit(queue, tx, objects.lb.id, 'update_pool', { type: 'pool', id: objects.pool.id }),
    );
    await ended(testStore.store, id);
    expect(await statuses(objects)).toEqual({ lb: 'ACTIVE', pool: 'ERROR', listener: 'ACTIVE' });
  });

  test('a successful delete removes the row and unlocks the rest', async () => {
    flowOf = flowWith([step('one')]);
    const objects = await tree();
    await setStatuses(testStore.store.db, 'pool', objects.pool.id, { provisioningStatus: 'PENDING_DELETE' });
    const id = await testStore.store.transaction((tx) =>
      submit(queue, tx, objects.lb.id, 'delete_pool', { type: 'pool', id: objects.pool.id }),
    );
    await ended(testStore.store, id);
    expect(await statuses(objects)).toEqual({ lb: 'ACTIVE', pool: undefined, listener: 'ACTIVE' });
    expect((await listeners.get(testStore.store.db, objects.listener.id))?.defaultPoolId).toBeNull();
  });
});

/** Only the rows of an operation that is a minute old, as after a flow that ended in an engine error. */
async function unsettled(attempts: number): Promise<{ lb: string; id: string }> {
  const lb = aLoadBalancer({ provisioningStatus: 'PENDING_UPDATE' });
  const id = randomUUID();
  await testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, lb);
    await insertOperation(tx, {
      id,
      loadBalancerId: lb.id,
      projectId: 'p',
      kind: 'update_load_balancer',
      resourceType: 'load_balancer',
      resourceId: lb.id,
      input: {},
      flowVersion: 1,
    });
  });
  await testStore.store.pool.query(
    `update operation set attempts = $2, created_at = now() - interval '1 minute' where id = $1`,
    [id, attempts],
  );
  return { lb: lb.id, id };
}

test('an operation whose flow died without settling it is run again', async () => {
  flowOf = flowWith([step('one')]);
  const { lb, id } = await unsettled(0);
  await running.reconciler.round();
  expect((await ended(testStore.store, id)).state).toBe('succeeded');
  expect(await statusOf(lb)).toBe('ACTIVE');
});

test('an operation that never settles is undone and failed after five attempts', async () => {
  flowOf = flowWith([step('one'), step('two')]);
  const { lb, id } = await unsettled(5);
  await running.reconciler.round();
  expect(await ended(testStore.store, id)).toMatchObject({ state: 'failed', reason: 'Given up after 5 attempts.' });
  // Nothing is recorded as begun.
  expect(journal).toEqual([]);
  expect(await statusOf(lb)).toBe('ERROR');
});
