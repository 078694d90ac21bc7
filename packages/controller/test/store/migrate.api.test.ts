/** The schema is brought to this release in one step, or stays what it was. */
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Store } from '../../src/store/core/database.ts';
import { migrateToLatest, migrationStatus } from '../../src/store/core/migrate.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';

const ALL = readdirSync(new URL('../../src/store/migrations/', import.meta.url))
  .map((file) => file.replace('.sql', ''))
  .sort();

let postgres: TestPostgres;
let count = 0;
/** On a database of its own, empty. */
let store: Store;
beforeAll(async () => {
  postgres = await openTestPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  const name = `empty_${++count}`;
  const server = new Store({ url: postgres.url, maxConnections: 1 });
  await server.pool.query(`create database ${name} template template0`);
  await server.close();
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  store = new Store({ url: url.href, maxConnections: 4 });
});
afterEach(() => store.close());

const tables = async (): Promise<string[]> => {
  const { rows } = await store.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  );
  return rows.map(({ name }) => name);
};

it('applies what is pending, once, in order', async () => {
  expect(await migrationStatus(store.db)).toEqual({ applied: [], pending: ALL });
  expect(await migrateToLatest(store)).toEqual(ALL);
  expect(await migrationStatus(store.db)).toEqual({ applied: ALL, pending: [] });
  expect(await migrateToLatest(store)).toEqual([]);
  expect(await tables()).toContain('load_balancer');
});

it('several processes at once: one does it, the others wait', async () => {
  const applied = await Promise.all([1, 2, 3].map(() => migrateToLatest(store)));
  expect(applied.toSorted((a, b) => a.length - b.length)).toEqual([[], [], ALL]);
});

it('a database of a later release is left as it is', async () => {
  await migrateToLatest(store);
  await store.pool.query(`insert into kysely_migration values ('9999-later', now()::text)`);
  await expect(migrateToLatest(store)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining('9999-later'),
  });
});

it('one that was left out cannot come afterwards', async () => {
  await migrateToLatest(store);
  await store.pool.query('delete from kysely_migration where name = $1', [ALL[3]]);
  await expect(migrateToLatest(store)).rejects.toMatchObject({ message: expect.stringContaining(ALL[3] ?? '') });
});

it('a migration that fails leaves nothing of any', async () => {
  await store.pool.query('create table operation (id integer)');
  await expect(migrateToLatest(store)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining(`Database migration ${ALL[0]} failed`),
  });
  expect(await tables()).toEqual(['operation']);
});
