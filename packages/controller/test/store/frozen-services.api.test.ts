/** The services while PostgreSQL is stopped as it is, for longer than they wait for an answer. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Freezer } from '../support/freezer.ts';
import { openTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { SmallCloud } from './support/small-cloud.ts';

/** The limit of the services, and as much again as a loaded machine needs. */
const ANSWER_MS = 30_000;

let postgres: TestPostgres;
let freezer: Freezer;
let cloud: SmallCloud;

beforeAll(async () => {
  postgres = await openTestPostgres();
  freezer = new Freezer(postgres);
  cloud = await SmallCloud.start(postgres.url);
});
afterAll(async () => {
  freezer.thaw();
  await cloud.stop();
  await postgres.close();
});

it('requests end with 503, and everything goes on when it does: flows that were under way as well', async () => {
  const { id: settled } = await cloud.create('settled');
  expect(await cloud.rests(settled)).toBe('ACTIVE');
  const names = Array.from({ length: 8 }, (_, index) => `under way ${index}`);
  const underWay = await Promise.all(names.map((name) => cloud.create(name)));
  freezer.freeze();
  const asked = [cloud.show(settled), cloud.rename(settled, 'new name'), cloud.create('in the middle')];
  expect((await cloud.call('GET', '/')).status).toBe(200);
  for (const { status, after, faultstring } of await Promise.all(asked)) {
    expect([status, faultstring]).toEqual([
      503,
      'The database is not available at the moment: it does not answer. Please try again.',
    ]);
    expect(after).toBeLessThan(ANSWER_MS);
  }
  // Until the worker, too, has given up statements that it waits for.
  await cloud.services[1]!.said('PostgreSQL did not answer within 20 s');
  freezer.thaw();
  for (const { id } of underWay) expect(await cloud.rests(id)).toBe('ACTIVE');
  expect(await cloud.rests(settled)).toBe('ACTIVE');
  expect((await cloud.rename(settled, 'newer name')).status).toBe(200);
  expect(await cloud.rests(settled)).toBe('ACTIVE');
  const { id: afterwards } = await cloud.create('afterwards');
  expect(await cloud.rests(afterwards)).toBe('ACTIVE');
  for (const { running } of cloud.services) expect(running).toBe(true);
});
