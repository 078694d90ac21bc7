import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Duty, Housekeeper } from '../../src/housekeeping/housekeeper.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as housekeeping from '../../src/store/operations/housekeeping.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { listeningLog } from './support.ts';

let testStore: TestStore;
let child: ChildProcess | null = null;

beforeAll(async () => {
  testStore = await openTestStore();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = null;
  await sql`truncate housekeeping_duty`.execute(testStore.store.db);
});
afterAll(() => testStore.close());

const keeper = (holder: string, ...duties: Duty[]) =>
  new Housekeeper({ store: testStore.store, holder, duties, log: listeningLog(), tickMs: 20 });

const counting = (name: string, intervalSeconds: number, work: () => Promise<unknown> = async () => undefined) => {
  const duty = {
    name,
    intervalSeconds,
    runs: 0,
    async run() {
      duty.runs += 1;
      await work();
      return { summary: `run ${duty.runs}` };
    },
  };
  return duty;
};

const rowOf = async (name: string) =>
  (await housekeeping.duties(testStore.store.db)).find((duty) => duty.name === name);

test('of several processes one at a time works, and a duty is done once in its interval whoever does it', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const slow = counting('slow', 3600, () => held);
  const first = keeper('first', slow).round();
  await vi.waitFor(() => expect(slow.runs).toBe(1), { timeout: 30_000 });
  const other = counting('slow', 3600);
  expect(await keeper('second', other).round()).toBe(false);
  release();
  expect(await first).toBe(true);
  expect(await keeper('second', other).round()).toBe(true);
  expect(other.runs).toBe(0);
  expect(await rowOf('slow')).toMatchObject({ holder: 'first', failures: 0, outcome: 'run 1' });
});

test('a duty is due again after its interval', async () => {
  const duty = counting('often', 1);
  const housekeeper = keeper('one', duty);
  housekeeper.start();
  await vi.waitFor(() => expect(duty.runs).toBe(3), { timeout: 30_000, interval: 50 });
  await housekeeper.stop();
});

test('a duty that fails tells why, is tried again soon, and keeps no other from its work', async () => {
  const broken = counting('a broken', 1, () => Promise.reject(new Error('the cloud is away')));
  const well = counting('b well', 3600);
  const housekeeper = keeper('one', broken, well);
  await housekeeper.round();
  expect(await rowOf('a broken')).toMatchObject({ failures: 1, outcome: 'the cloud is away' });
  expect(well.runs).toBe(1);
  await vi.waitFor(
    async () => {
      await housekeeper.round();
      expect(broken.runs).toBe(2);
    },
    { timeout: 30_000, interval: 100 },
  );
  expect(await rowOf('a broken')).toMatchObject({ failures: 2 });
});

test('when the holder is killed at work another takes over at once and does what it left', async () => {
  const node = join(import.meta.dirname, '../../../../node_modules/.bin/node');
  child = spawn(node, [join(import.meta.dirname, 'holder-child.ts'), testStore.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  const newOwner = counting('long', 3600);
  expect(await keeper('new owner', newOwner).round()).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await vi.waitFor(async () => expect(await keeper('new owner', newOwner).round()).toBe(true), { timeout: 30_000 });
  expect(newOwner.runs).toBe(1);
  expect(await rowOf('long')).toMatchObject({ holder: 'new owner', outcome: 'run 1' });
});

test('a holder whose connection is cut begins nothing more, and another takes over', async () => {
  const { store } = testStore;
  const cut = counting('a cut', 3600, async () => {
    await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()`.execute(
      store.db,
    );
    await vi.waitFor(async () => expect(await keeper('new owner', newOwner).round()).toBe(true), { timeout: 30_000 });
  });
  const newOwner = counting('c of the new owner', 3600);
  const next = counting('b next', 3600);
  await keeper('cut', cut, next).round();
  expect({ newOwner: newOwner.runs, next: next.runs }).toEqual({ newOwner: 1, next: 0 });
});
