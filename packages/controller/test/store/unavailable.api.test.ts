/** A database that is away says nothing about what was asked of it: everybody learns just that, under one name. */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Step, StepContext } from '../../src/flows/flow.ts';
import { bestEffort } from '../../src/flows/steps/best-effort.ts';
import { Store } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import { isDatabaseUnavailable } from '../../src/store/core/unavailable.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { Lab } from '../flows/lab.ts';
import { flowWith } from '../flows/support.ts';

let lab: Lab;
/** A database that nobody serves. */
let away: Store;
/** One that hangs up. */
let rude: Server;
let hungUp: Store;

beforeAll(async () => {
  lab = await Lab.open();
  away = new Store({ url: 'postgresql://nobody@127.0.0.1:1/octavia', maxConnections: 2 });
  rude = createServer((socket) => socket.destroy());
  const port = await new Promise<number>((resolve) => {
    rude.listen(0, '127.0.0.1', () => resolve((rude.address() as AddressInfo).port));
  });
  hungUp = new Store({ url: `postgresql://nobody@127.0.0.1:${port}/octavia`, maxConnections: 2 });
});
afterAll(async () => {
  await away.close();
  await hungUp.close();
  rude.close();
  await lab.close();
});

/** Takes away the connection it runs on. */
const suicide = sql`select pg_terminate_backend(pg_backend_pid())`;

const asking = (store: Store) => [
  () => sql`select 1`.execute(store.db),
  () => loadBalancers.get(store.db, randomUUID()),
  () => store.transaction((tx) => loadBalancers.get(tx, randomUUID())),
];

const because = (why: string) => ({
  code: 'DATABASE_UNAVAILABLE',
  message: `The database is not available at the moment: ${why}. Please try again.`,
});

it('a connection that cannot be made, alone and in transactions', async () => {
  for (const [store, why] of [
    [away, 'it does not run'],
    [hungUp, 'the connection was lost'],
  ] as const) {
    for (const ask of asking(store)) await expect(ask()).rejects.toMatchObject(because(why));
  }
});

/** The pool learns a moment later than whoever asked. */
const lostForGood = () =>
  expect
    .poll(() =>
      sql`select 1`.execute(lab.store.db).then(
        () => 'again',
        () => 'not yet',
      ),
    )
    .toBe('again');

it('a connection that is taken away', async () => {
  const stopping = because('it is starting or stopping');
  await expect(lab.store.transaction((tx) => suicide.execute(tx))).rejects.toMatchObject(stopping);
  // Rolling back on the lost connection failed as well, and is not what is told.
  await lostForGood();
  await expect(suicide.execute(lab.store.db)).rejects.toMatchObject(stopping);
  await lostForGood();
});

it('other errors stay what they are', async () => {
  const error = await sql`select 1 / 0`.execute(lab.store.db).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: '22012' });
  expect(isDatabaseUnavailable(error)).toBe(false);
});

it('a step that meets it is done again: nothing of it ends in ERROR', async () => {
  const loadBalancer = await lab.accepted('SINGLE', { provisioningStatus: 'PENDING_UPDATE' });
  let runs = 0;
  let undone = 0;
  const step: Step = {
    name: 'meets it',
    async run({ store }) {
      runs += 1;
      if (runs === 1) await suicide.execute(store.db);
      return undefined;
    },
    async undo() {
      undone += 1;
    },
  };
  const operation = await lab.run('update_load_balancer', loadBalancer, { flowOf: flowWith([step]) });
  expect(operation).toMatchObject({ state: 'succeeded', reason: null });
  expect({ runs, undone }).toEqual({ runs: 2, undone: 0 });
  expect((await loadBalancers.get(lab.store.db, loadBalancer.id))?.provisioningStatus).toBe('ACTIVE');
});

it('a cloud that refuses a connection is not the database: what may fail goes on without', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:443'), { code: 'ECONNREFUSED' });
  const context = { log: { warn: () => undefined }, operation: { id: 'x' } } as unknown as StepContext;
  for (const error of [refused, new Error('failed', { cause: refused })]) {
    await expect(bestEffort(context, 'Removing it', () => Promise.reject(error))).resolves.toBeNull();
  }
  const missing = () => suicide.execute(lab.store.db);
  await expect(bestEffort(context, 'Reading it', missing)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});
