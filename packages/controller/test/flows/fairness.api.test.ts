/** Operations of several projects on one worker with few places. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation, OperationKind } from '../../src/domain/operations.ts';
import type { Flow, Step } from '../../src/flows/flow.ts';
import { Places } from '../../src/flows/places.ts';
import * as buildSlots from '../../src/store/operations/build-slots.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { type RunningEngine, startEngine } from './running-engine.ts';
import { ended, flowWith, submit } from './support.ts';

let testStore: TestStore;
let running: RunningEngine | null = null;

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(async () => {
  await running?.stop();
  await testStore.close();
});

/** Opens once. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function accepted(projectId: string, kind: OperationKind = 'update_load_balancer'): Promise<string> {
  const provisioningStatus = kind === 'create_load_balancer' ? 'PENDING_CREATE' : 'PENDING_UPDATE';
  const balancer = aLoadBalancer({ provisioningStatus, projectId });
  const resource = { type: 'load_balancer' as const, id: balancer.id };
  return testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, balancer);
    return submit(running?.queue ?? fail(), tx, balancer.id, kind, resource, projectId);
  });
}

const fail = (): never => {
  throw new Error('no engine runs');
};

const start = async (flowOf: (operation: Operation) => Flow) => {
  running = await startEngine(flowOf, { places: new Places({ atOnce: 2, inFlight: 100 }) }, testStore);
};

const step = (name: string, run: Step['run']): Step => ({ name, run });

test('a change goes on at once while the machines of another project boot', async () => {
  const boot = gate();
  const begun: string[] = [];
  const build = [
    step('begin', async ({ operation }) => void begun.push(operation.id) as undefined),
    step('boot', async ({ places }) => places.away(() => boot.opened) as Promise<undefined>),
    step('configure', async () => undefined),
  ];
  await start((operation) => flowWith(operation.kind === 'create_load_balancer' ? build : [])(operation));
  const creates = await Promise.all(Array.from({ length: 20 }, () => accepted('a', 'create_load_balancer')));
  const failover = await accepted('a', 'failover_load_balancer');
  const change = await accepted('b');
  for (const id of [change, failover]) {
    expect(await ended(testStore.store, id)).toMatchObject({ state: 'succeeded' });
  }
  // All of them have begun: none keeps the place it waited in.
  while (begun.length < creates.length) await new Promise((resolve) => setTimeout(resolve, 10));
  const booting = await Promise.all(creates.map((id) => operations.get(testStore.store.db, id)));
  expect(booting.filter((operation) => operation?.endedAt)).toEqual([]);
  boot.open();
  for (const id of creates) expect(await ended(testStore.store, id)).toMatchObject({ state: 'succeeded', attempts: 1 });
  await running?.stop();
});

test('a worker that stops leaves what it has not begun to others at once', async () => {
  const work = gate();
  const busy = [step('work', () => work.opened as Promise<undefined>)];
  await start((operation) => flowWith(operation.projectId === 'c' ? [] : busy)(operation));
  const busyIds = [await accepted('a'), await accepted('b')];
  const stateOf = async (id: string) => (await operations.get(testStore.store.db, id))?.state;
  for (const id of busyIds) while ((await stateOf(id)) !== 'running') await new Promise((go) => setTimeout(go, 10));
  const waiting = await accepted('c');
  while (!running?.engine.isRunning(waiting)) await new Promise((resolve) => setTimeout(resolve, 10));
  const stopped = running.stop();
  work.open();
  await stopped;
  for (const id of busyIds) expect(await stateOf(id)).toBe('succeeded');
  expect(await stateOf(waiting)).toBe('queued');
  // No reconciler runs here: it is in the queue again.
  await start(flowWith([]));
  expect(await ended(testStore.store, waiting)).toMatchObject({ state: 'succeeded', attempts: 1 });
});

test('projects take turns at the slots to build amphorae, replacements go first', async () => {
  const { store } = testStore;
  const names = new Map<string, string>();
  const request = async (name: string, priority = 40): Promise<buildSlots.SlotRequest> => {
    const balancer = aLoadBalancer({ projectId: name.slice(0, 1) });
    await store.transaction((tx) => loadBalancers.insert(tx, balancer));
    const id = crypto.randomUUID();
    await store.transaction((tx) => amphorae.ensure(tx, anAmphora(id, balancer.id)));
    names.set(id, name);
    return { amphoraId: id, projectId: balancer.projectId, priority };
  };
  const requests: buildSlots.SlotRequest[] = [];
  const acquire = async (limit: number): Promise<string[]> => {
    const answer = await store.transaction((tx) => buildSlots.acquire(tx, requests, limit));
    return answer.granted.map((id) => names.get(id) ?? '').toSorted();
  };
  for (const name of ['a1', 'a2', 'a3', 'a4']) {
    requests.push(await request(name));
    await acquire(0);
  }
  requests.push(await request('b1'));
  requests.push(await request('c1', 20));
  const order: string[] = [];
  for (let round = 0; round < 6; round++) {
    const [granted = ''] = await acquire(1);
    expect(await acquire(1)).toEqual([granted]);
    order.push(granted);
    const index = requests.findIndex(({ amphoraId }) => names.get(amphoraId) === granted);
    const [gone] = requests.splice(index, 1);
    await buildSlots.release(store.db, gone?.amphoraId ?? '');
  }
  expect(order).toEqual(['c1', 'a1', 'b1', 'a2', 'a3', 'a4']);
  for (const name of ['a5', 'a6', 'a7', 'd1', 'd2']) requests.push(await request(name));
  expect((await acquire(4)).map((name) => name.slice(0, 1))).toEqual(['a', 'a', 'd', 'd']);
});

const anAmphora = (id: string, loadBalancerId: string) => ({
  id,
  loadBalancerId,
  computeId: null,
  lbNetworkIp: null,
  vrrpIp: null,
  haIp: null,
  vrrpPortId: null,
  haPortId: null,
  vrrpInterface: null,
  vrrpId: 1,
  vrrpPriority: null,
  role: 'STANDALONE' as const,
  status: 'BOOTING' as const,
  certExpiration: null,
  certBusy: false,
  cachedZone: null,
  imageId: null,
  computeFlavor: null,
  createdAt: new Date(),
  updatedAt: null,
});
