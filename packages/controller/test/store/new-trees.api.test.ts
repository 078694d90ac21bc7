import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UNLIMITED } from '../../src/domain/quotas.ts';
import { insertTrees, type NewTree } from '../../src/store/resources/new-trees.ts';
import { reserve, setLimits } from '../../src/store/resources/quotas.ts';
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

test('a counter that was never settled is not touched', async () => {
  const id = randomUUID();
  expect(await insert(id)).toEqual([]);
  expect(await counted(id)).toEqual({ exist: 0, used: null });
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
