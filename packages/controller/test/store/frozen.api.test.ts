/** A PostgreSQL that is stopped as it is (SIGSTOP), as a host that hangs or a network that swallows everything. */

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Store } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import { whileAlone } from '../../src/store/operations/housekeeping.ts';
import { Freezer } from '../support/freezer.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';

const LIMIT = 1_000;

let postgres: TestPostgres;
let freezer: Freezer;
let store: Store;
const lost: string[] = [];

beforeAll(async () => {
  postgres = await openTestPostgres();
  freezer = new Freezer(postgres);
  store = new Store({
    url: postgres.url,
    maxConnections: 5,
    answerWithinMs: LIMIT,
    onIdleError: ({ message }) => lost.push(message),
  });
});
afterEach(() => {
  freezer.thaw();
  lost.length = 0;
});
afterAll(async () => {
  await store.close();
  await postgres.close();
});

const NO_ANSWER = {
  code: 'DATABASE_UNAVAILABLE',
  message: 'The database is not available at the moment: it does not answer. Please try again.',
};

const one = async (): Promise<string | undefined> =>
  (await sql<{ one: string }>`select ${'1'}::text as one`.execute(store.db)).rows[0]?.one;

/** Milliseconds until it failed, and how. */
async function failing(work: Promise<unknown>): Promise<{ after: number; error: unknown }> {
  const started = performance.now();
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { after: performance.now() - started, error };
}

it('what is asked of it ends in time, and the pool works again when it goes on', async () => {
  const statements = [one, () => store.pool.query('select 1'), () => store.transaction(one)];
  // Connections that are open already: those are the ones that never say anything.
  await Promise.all(Array.from({ length: 4 }, one));
  freezer.freeze();
  const ends = await Promise.all(statements.map((ask) => failing(ask())));
  for (const { after, error } of ends) {
    expect(error).toBeInstanceOf(Error);
    expect(after).toBeGreaterThan(LIMIT * 0.9);
    // Nothing else would end it so soon.
    expect(after).toBeLessThan(LIMIT * 10);
  }
  expect(ends[0]!.error).toMatchObject(NO_ANSWER);
  expect(lost).toContain('PostgreSQL did not answer within 1 s');
  freezer.thaw();
  await expect(Promise.all(Array.from({ length: 10 }, one))).resolves.toEqual(Array(10).fill('1'));
});

it('a transaction that it stops in is undone, and nothing of it is written', async () => {
  await store.pool.query('create table frozen (step text)');
  const work = store.transaction(async (tx) => {
    await sql`insert into frozen values ('before')`.execute(tx);
    freezer.freeze();
    await sql`insert into frozen values ('after')`.execute(tx);
  });
  expect((await failing(work)).error).toMatchObject(NO_ANSWER);
  freezer.thaw();
  expect((await store.pool.query('select * from frozen')).rows).toEqual([]);
  await expect(store.transaction(one)).resolves.toBe('1');
});

it('more requests than connections end as well', async () => {
  freezer.freeze();
  const ends = await Promise.all(Array.from({ length: 20 }, () => failing(one())));
  for (const { after, error } of ends) {
    expect(error).toMatchObject(NO_ANSWER);
    // The pool's own limit for a new connection.
    expect(after).toBeLessThan(12_000);
  }
  freezer.thaw();
  await expect(one()).resolves.toBe('1');
});

it('a connection that rests in a hand, or answers one statement after the other, is left alone', async () => {
  const held = await whileAlone(store, async (isHeld) => {
    const from = performance.now();
    while (performance.now() - from < 2 * LIMIT) await store.pool.query('select pg_sleep(0.3)');
    expect(isHeld()).toBe(true);
  });
  expect(held).toBe(true);
  const steps = store.transaction(async (tx) => {
    for (let step = 0; step < 5; step += 1) await sql`select pg_sleep(0.3)`.execute(tx);
    return one();
  });
  await expect(steps).resolves.toBe('1');
  expect(lost).toEqual([]);
});
