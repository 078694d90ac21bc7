import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { forgetFlows } from '../../src/flows/operation-queue.ts';
import { purge } from '../../src/housekeeping/purge.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { aged, DAY, idsOf, storedAmphora } from './support.ts';

let testStore: TestStore;

beforeAll(async () => {
  testStore = await openTestStore();
});
afterAll(() => testStore.close());
beforeEach(async () => {
  await sql`truncate load_balancer, amphora, operation, listener_statistics cascade`.execute(testStore.store.db);
});

const OPTIONS = {
  amphoraExpiryAge: 7 * DAY,
  loadBalancerExpiryAge: 7 * DAY,
  operationExpiryAge: 30 * DAY,
  forgetFlows: async () => 0,
};
const NOTHING = { amphorae: 0, loadBalancers: 0, operations: 0, statistics: 0, flows: 0 };

async function aDeletedLoadBalancer(age: number): Promise<string> {
  const lb = aLoadBalancer({ provisioningStatus: 'DELETED' });
  await testStore.store.transaction((tx) => loadBalancers.insert(tx, lb));
  await aged(testStore.store, 'load_balancer', lb.id, age);
  return lb.id;
}

async function anOperation(loadBalancerId: string, age: number, state = 'succeeded'): Promise<string> {
  const id = randomUUID();
  const at = sql`now() - make_interval(secs => ${age})`;
  await sql`
    insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state,
      created_at, ended_at)
    values (${id}, ${loadBalancerId}, 'p', 'update_load_balancer', 'load_balancer', ${loadBalancerId}, '{}', 1, ${state},
      ${at}, ${state === 'running' ? null : at})`.execute(testStore.store.db);
  return id;
}

test('deleted load balancers go after their age, with the history of their operations', async () => {
  const { store } = testStore;
  const old = await aDeletedLoadBalancer(7 * DAY + 60);
  const young = await aDeletedLoadBalancer(7 * DAY - 60);
  const living = aLoadBalancer();
  await store.transaction((tx) => loadBalancers.insert(tx, living));
  await aged(store, 'load_balancer', living.id, 400 * DAY);
  await anOperation(old, 8 * DAY);
  const kept = [await anOperation(young, 8 * DAY), await anOperation(living.id, 8 * DAY)];

  expect(await purge(store, OPTIONS)).toEqual({ ...NOTHING, loadBalancers: 1 });
  expect(await idsOf(store, 'load_balancer')).toEqual([young, living.id].sort());
  expect(await idsOf(store, 'operation')).toEqual(kept.sort());
});

test('deleted amphorae go after their age; a zombie that still reports keeps its row', async () => {
  const { store } = testStore;
  const deleted = { status: 'DELETED' as const };
  const [old, silent, zombie, young, living] = await Promise.all([
    storedAmphora(store, null, deleted),
    storedAmphora(store, null, deleted),
    storedAmphora(store, null, deleted),
    storedAmphora(store, null, deleted),
    storedAmphora(store, null),
  ]);
  for (const id of [old, silent, zombie, living]) await aged(store, 'amphora', id, 8 * DAY);
  await aged(store, 'amphora', young, 6 * DAY);
  const heard = (id: string, age: number) =>
    sql`insert into amphora_health (amphora_id, last_update) values (${id}, now() - make_interval(secs => ${age}))`.execute(
      store.db,
    );
  await heard(silent, 8 * DAY);
  await heard(zombie, 10);

  expect(await purge(store, OPTIONS)).toEqual({ ...NOTHING, amphorae: 2 });
  expect(await idsOf(store, 'amphora')).toEqual([zombie, young, living].sort());
  expect(await idsOf(store, 'amphora_health', 'amphora_id')).toEqual([zombie]);
});

test('old operations of a load balancer that lives on go, but not the newest hundred nor one that still runs', async () => {
  const { store } = testStore;
  const lb = aLoadBalancer();
  await store.transaction((tx) => loadBalancers.insert(tx, lb));
  const ids: string[] = [];
  for (let number = 0; number < 105; number++) ids.push(await anOperation(lb.id, 40 * DAY - number * 60));
  const runs = await anOperation(lb.id, 50 * DAY, 'running');
  expect(await purge(store, OPTIONS)).toEqual({ ...NOTHING, operations: 5 });
  expect(await idsOf(store, 'operation')).toEqual([...ids.slice(5), runs].sort());
  expect(await purge(store, OPTIONS)).toEqual(NOTHING);
});

test('more rows than one statement takes all go', async () => {
  const { store } = testStore;
  await sql`
    insert into amphora (id, status, created_at, updated_at)
    select gen_random_uuid(), 'DELETED', now() - interval '9 days', now() - interval '9 days' from generate_series(1, 1234)`.execute(
    store.db,
  );
  expect(await purge(store, OPTIONS)).toEqual({ ...NOTHING, amphorae: 1234 });
});

test('counters of listeners that are gone go', async () => {
  const { store } = testStore;
  await sql`insert into listener_statistics (listener_id, amphora_id) values (${randomUUID()}, ${randomUUID()})`.execute(
    store.db,
  );
  expect(await purge(store, OPTIONS)).toEqual({ ...NOTHING, statistics: 1 });
});

test('what the flow engine remembers of ended flows goes after its age; what waits stays', async () => {
  const { store, url } = testStore;
  const flow = (id: string, status: string, age: number) =>
    sql`insert into dbos.workflow_status (workflow_uuid, status, queue_name, created_at, updated_at, completed_at)
      values (${id}, ${status}, 'operations', ${Date.now() - age * 1000}, ${Date.now() - age * 1000},
        ${status === 'SUCCESS' ? Date.now() - age * 1000 : null})`.execute(store.db);
  await flow('old', 'SUCCESS', 31 * DAY);
  await flow('young', 'SUCCESS', 29 * DAY);
  await flow('waits', 'ENQUEUED', 31 * DAY);
  const options = { ...OPTIONS, forgetFlows: (age: number) => forgetFlows(url, age) };
  expect(await purge(store, options)).toEqual({ ...NOTHING, flows: 1 });
  const { rows } = await sql<{ id: string }>`select workflow_uuid as id from dbos.workflow_status order by 1`.execute(
    store.db,
  );
  expect(rows.map(({ id }) => id)).toEqual(['waits', 'young']);
});
