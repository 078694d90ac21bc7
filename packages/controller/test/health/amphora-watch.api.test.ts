import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { setStatuses } from '../support/statuses.ts';
import { aListener, aMember, aPool, openTestStore, type TestStore } from '../support/store.ts';
import { heardAgo, wakeUp, watching } from './support.ts';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(() => testStore.close());
beforeEach(async () => {
  await testStore.store.pool.query('truncate load_balancer, amphora, automatic_failover, operation cascade');
});

const status = async (id: string) => (await amphorae.get(testStore.store.db, id))?.status;
const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

describe('circuit breaker', () => {
  const TEXT = (count: number) =>
    `Stale amphora count reached the threshold (3). ${count} amphorae were set into FAILOVER_STOPPED status.`;

  test('threshold 3: two stale amphorae fail over', async () => {
    const dead = await many(2, () => heardAgo(testStore.store, 90));
    await heardAgo(testStore.store, 5);
    const watched = watching(testStore.store, { failoverThreshold: 3 });
    await wakeUp(watched);
    await watched.watch.look();
    expect(watched.replaced.sort()).toEqual(dead.map(({ id }) => id).sort());
  });

  test.each([3, 4])('threshold 3: %i stale amphorae stop, and that is logged', async (count) => {
    const dead = await many(count, () => heardAgo(testStore.store, 90));
    const well = await heardAgo(testStore.store, 5);
    const watched = watching(testStore.store, { failoverThreshold: 3 });
    await wakeUp(watched);
    await watched.watch.look();
    await watched.watch.look();
    expect(watched.replaced).toEqual([]);
    for (const { id } of dead) expect(await status(id)).toBe('FAILOVER_STOPPED');
    expect(await status(well.id)).toBe('ALLOCATED');
    expect(watched.log.lines.filter(({ level }) => level === 'error')).toEqual([
      { level: 'error', message: TEXT(count), fields: { component: 'octavia.db.repositories' } },
    ]);
  });

  test('four stopped, two replaced by hand: the other two are replaced by themselves', async () => {
    const { store } = testStore;
    const dead = await many(4, () => heardAgo(store, 90));
    const watched = watching(store, { failoverThreshold: 3 });
    await wakeUp(watched);
    await watched.watch.look();
    const [first, second, ...rest] = dead.map(({ id }) => id);
    await amphorae.markHealthBusy(store.db, first ?? '');
    await watched.watch.look();
    expect(watched.replaced).toEqual([]);
    await amphorae.markHealthBusy(store.db, second ?? '');
    await watched.watch.look();
    expect(watched.replaced.sort()).toEqual(rest.sort());
  });
});

test('the first judgement comes a whole timeout after the start, and another after a pause', async () => {
  const { id } = await heardAgo(testStore.store, 90);
  const watched = watching(testStore.store);
  for (let seconds = 0; seconds < 59; seconds += 3) {
    await watched.watch.look();
    watched.sleep(3_000);
  }
  expect(watched.replaced).toEqual([]);
  watched.sleep(30_000);
  await watched.watch.look();
  watched.sleep(3_000);
  await watched.watch.look();
  expect(watched.replaced).toEqual([]);
  await wakeUp(watched);
  await watched.watch.look();
  expect(watched.replaced).toEqual([id]);
});

test('heartbeats that wait for the database are no silence', async () => {
  await heardAgo(testStore.store, 90);
  const hearing = { lastHeard: 0, behindSince: null as number | null, failures: 0 };
  const watched = watching(testStore.store, {}, { hearing });
  hearing.behindSince = 0;
  await wakeUp(watched);
  await watched.watch.look();
  expect(watched.replaced).toEqual([]);
  expect(watched.log.lines[0]?.fields).toMatchObject({ reason: 'start' });
  hearing.behindSince = null;
  hearing.failures += 1;
  await watched.watch.look();
  await wakeUp(watched);
  await watched.watch.look();
  expect(watched.replaced).toHaveLength(1);
});

test('one whose load balancer is being changed is left for later, and so is one that is busy', async () => {
  const { store } = testStore;
  const changing = await heardAgo(store, 90);
  await setStatuses(store.db, 'load_balancer', changing.loadBalancerId ?? '', { provisioningStatus: 'PENDING_UPDATE' });
  const busy = await heardAgo(store, 90);
  await amphorae.markHealthBusy(store.db, busy.id);
  const broken = await heardAgo(store, 90);
  await setStatuses(store.db, 'load_balancer', broken.loadBalancerId ?? '', { provisioningStatus: 'ERROR' });
  await heardAgo(store, 90, { status: 'DELETED' });
  await heardAgo(store, 90, { status: 'BOOTING' });
  const watched = watching(store);
  await wakeUp(watched);
  await watched.watch.look();
  expect(watched.replaced).toEqual([broken.id]);
});

test('one that an operation failed on is replaced when it falls silent, and says nothing about the cloud', async () => {
  const { store } = testStore;
  const failed = await many(3, () => heardAgo(store, 90, { status: 'ERROR' }));
  const speaks = await heardAgo(store, 5, { status: 'ERROR' });
  await heardAgo(store, 5);
  // Neither the breaker nor the hold counts them.
  const watched = watching(store, { failoverThreshold: 3, massLossPercent: 20 });
  await wakeUp(watched);
  await watched.watch.look();
  expect(watched.replaced.sort()).toEqual(failed.map(({ id }) => id).sort());
  expect(await status(speaks.id)).toBe('ERROR');
});

test('a failover that failed is tried again after a minute, not in the next round', async () => {
  const { store } = testStore;
  const { id } = await heardAgo(store, 90);
  const watched = watching(store);
  await wakeUp(watched);
  await watched.watch.look();
  await store.pool.query('update amphora_health set busy = false');
  await watched.watch.look();
  expect(watched.replaced).toEqual([id]);
  await store.pool.query(`update automatic_failover set requested_at = now() - interval '61 seconds'`);
  await watched.watch.look();
  expect(watched.replaced).toEqual([id, id]);
  // The third waits two minutes.
  await store.pool.query(`update amphora_health set busy = false`);
  await store.pool.query(`update automatic_failover set requested_at = now() - interval '90 seconds'`);
  await watched.watch.look();
  expect(watched.replaced).toHaveLength(2);
});

test('where all amphorae of a small cloud are silent their agents are asked', async () => {
  const { store } = testStore;
  const [first, second] = await many(2, () => heardAgo(store, 90));
  const asked: string[] = [];
  const watched = watching(store, {}, { answers: async (id) => asked.push(id) > 0 && id === first?.id });
  await wakeUp(watched);
  await watched.watch.look();
  expect(asked.sort()).toEqual([first?.id, second?.id].sort());
  expect(watched.replaced).toEqual([second?.id]);
  expect(watched.log.lines.find(({ message }) => message.includes('none of its heartbeats arrives'))).toBeDefined();
  const { rows } = await store.pool.query('select operating_status from load_balancer where id = $1', [
    second?.loadBalancerId,
  ]);
  expect(rows[0].operating_status).toBe('ERROR');
});

test('what is below load balancers nobody hears does not look alive', async () => {
  const { store } = testStore;
  const { loadBalancerId } = await heardAgo(store, 90);
  const id = loadBalancerId ?? '';
  const pool = aPool(id, { operatingStatus: 'DEGRADED' });
  const listener = aListener(id, { operatingStatus: 'ONLINE', defaultPoolId: pool.id });
  const up = aMember(pool.id, { operatingStatus: 'ONLINE' });
  const down = aMember(pool.id, { operatingStatus: 'ERROR', address: '198.18.8.11' });
  const unknown = aMember(pool.id, { operatingStatus: 'NO_MONITOR', address: '198.18.8.12' });
  await store.transaction(async (tx) => {
    await pools.insert(tx, pool);
    await listeners.insert(tx, listener);
    for (const member of [up, down, unknown]) await members.insert(tx, member);
  });
  // A pair of which one is still heard stays as it is.
  const alive = await heardAgo(store, 90);
  const peer = await heardAgo(store, 5);
  await amphorae.update(store.db, peer.id, { loadBalancerId: alive.loadBalancerId });
  const watched = watching(store, { threads: 0 });
  await wakeUp(watched);
  await watched.watch.look();
  expect((await loadBalancers.get(store.db, id))?.operatingStatus).toBe('ERROR');
  expect((await listeners.get(store.db, listener.id))?.operatingStatus).toBe('ERROR');
  expect((await pools.get(store.db, pool.id))?.operatingStatus).toBe('OFFLINE');
  expect((await members.get(store.db, up.id))?.operatingStatus).toBe('OFFLINE');
  expect((await members.get(store.db, down.id))?.operatingStatus).toBe('ERROR');
  expect((await members.get(store.db, unknown.id))?.operatingStatus).toBe('NO_MONITOR');
  expect((await loadBalancers.get(store.db, alive.loadBalancerId ?? ''))?.operatingStatus).toBe('ONLINE');
});

test('amphorae that never sent anything are named', async () => {
  const { store } = testStore;
  const { id } = await heardAgo(store, 5);
  await heardAgo(store, 5);
  await store.pool.query('delete from amphora_health where amphora_id = $1', [id]);
  await store.pool.query(`update amphora set created_at = now() - interval '1 hour'`);
  const watched = watching(store);
  await wakeUp(watched);
  await watched.watch.look();
  const line = watched.log.lines.find(({ message }) => message.includes('never heard'));
  expect(line).toMatchObject({ level: 'error', fields: { amphorae: [id] } });
});
