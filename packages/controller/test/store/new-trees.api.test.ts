import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UNLIMITED } from '../../src/domain/quotas.ts';
import { sql } from '../../src/store/core/sql.ts';
import { insertTrees, type NewTree } from '../../src/store/resources/new-trees.ts';
import { setLimits } from '../../src/store/resources/quota-limits.ts';
import { reserve } from '../../src/store/resources/quotas.ts';
import { aLoadBalancer, openTestStore, type TestStore, UNLIMITED_QUOTAS } from '../support/store.ts';

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const tree = (projectId: string): NewTree => ({
  loadBalancer: aLoadBalancer({ projectId }),
  listeners: [],
  pools: [],
  members: [],
  healthMonitors: [],
  l7policies: [],
  l7rules: [],
  operation: null,
});

/** A project whose counter of load balancers is settled, at 1. */
async function project(limit: number): Promise<string> {
  const id = randomUUID();
  const { store } = database;
  await store.transaction((tx) => setLimits(tx, id, { loadBalancer: limit }));
  await store.transaction((tx) => reserve(tx, id, { loadBalancer: 1 }, UNLIMITED_QUOTAS));
  return id;
}

const insert = async (...projects: string[]) => [
  ...(await insertTrees(database.store.db, projects.map(tree), UNLIMITED_QUOTAS)),
];

async function counted(projectId: string) {
  const { rows } = await sql<{ exist: number; used: number | null }>`
    select (select count(*) from load_balancer where project_id = ${projectId}) as exist,
      (select load_balancer_in_use from quota where project_id = ${projectId}) as used`.execute(database.store.db);
  return rows[0];
}

test('trees are written and counted while there is room for all of a project', async () => {
  const id = await project(3);
  expect(await insert(id, id)).toEqual([id]);
  expect(await counted(id)).toEqual({ exist: 2, used: 3 });
  expect(await insert(id)).toEqual([]);
  expect(await counted(id)).toEqual({ exist: 2, used: 3 });
});

test('a project without room is left out, whole, and takes no other along', async () => {
  const [full, free] = [await project(2), await project(UNLIMITED)];
  expect(await insert(full, free, full)).toEqual([free]);
  expect(await counted(full)).toEqual({ exist: 0, used: 1 });
  expect(await counted(free)).toEqual({ exist: 1, used: 2 });
});

test('a project without a row begins one, which counts what it has', async () => {
  const [fresh, older] = [randomUUID(), randomUUID()];
  expect((await insert(fresh, fresh, older)).sort()).toEqual([fresh, older].sort());
  expect(await counted(fresh)).toEqual({ exist: 2, used: 2 });
  await sql`delete from quota where project_id = ${fresh}`.execute(database.store.db);
  expect(await insert(fresh)).toEqual([fresh]);
  expect(await counted(fresh)).toEqual({ exist: 3, used: 3 });
});

test('the first load balancers of a project keep to the default limit', async () => {
  const rules = { enforced: true, defaults: { ...UNLIMITED_QUOTAS.defaults, loadBalancer: 1 } };
  const [two, one] = [randomUUID(), randomUUID()];
  const written = await insertTrees(database.store.db, [two, two, one].map(tree), rules);
  expect([...written]).toEqual([one]);
  expect(await counted(two)).toEqual({ exist: 0, used: null });
});

test('a counter that was never settled is not touched', async () => {
  const id = randomUUID();
  await database.store.transaction((tx) => setLimits(tx, id, { loadBalancer: UNLIMITED }));
  expect(await insert(id)).toEqual([]);
  expect(await counted(id)).toEqual({ exist: 0, used: null });
});

test('many that begin the same projects at once count each load balancer once', async () => {
  const projects = Array.from({ length: 5 }, () => randomUUID());
  const begin = async (order: string[]) => {
    const written = await insert(...order);
    const reserveOne = (id: string) =>
      database.store.transaction((tx) => reserve(tx, id, { loadBalancer: 1 }, UNLIMITED_QUOTAS));
    for (const id of order) if (!written.includes(id)) await reserveOne(id);
    return order.length - written.length;
  };
  const rounds = Array.from({ length: 12 }, (_, n) => begin(n % 2 ? projects : projects.toReversed()));
  const reserved = (await Promise.all(rounds)).reduce((sum, count) => sum + count, 0);
  const counts = await Promise.all(projects.map(counted));
  const existing = counts.reduce((sum, row) => sum + Number(row?.exist), 0);
  expect(counts.reduce((sum, row) => sum + (row?.used ?? 0), 0)).toBe(existing + reserved);
  expect(existing + reserved).toBe(60);
});

test('a project that another transaction begins holds nobody up for long', async () => {
  const id = randomUUID();
  await database.store.transaction(async (tx) => {
    await reserve(tx, id, { loadBalancer: 1 }, UNLIMITED_QUOTAS);
    await expect(insert(id)).rejects.toThrow('lock timeout');
  });
  expect(await insert(id)).toEqual([id]);
});

test('a project that somebody holds is left out without waiting', async () => {
  const id = await project(UNLIMITED);
  await database.store.transaction(async (tx) => {
    await sql`select 1 from quota where project_id = ${id} for update`.execute(tx);
    expect(await insert(id)).toEqual([]);
  });
  expect(await insert(id)).toEqual([id]);
});

test('statements that race never exceed a limit', async () => {
  const id = await project(5);
  await Promise.all(Array.from({ length: 12 }, () => insert(id)));
  const { exist, used } = (await counted(id))!;
  expect(used).toBe(exist + 1);
  expect(used).toBeLessThanOrEqual(5);
});
