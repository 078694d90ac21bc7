/** The database spells an address as the domain does: otherwise one that was read would differ from the same one in a request. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalAddress, canonicalCidr } from '../../src/domain/addresses.ts';
import { sql } from '../../src/store/core/sql.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let database: TestStore;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const group = fc.oneof(
  fc.constant('0'),
  fc.constant('0'),
  fc.constant('ffff'),
  fc.nat(0xffff).map((part) => part.toString(16)),
);
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':')),
  fc.ipV4().map((address) => `::ffff:${address}`),
  fc.ipV4().map((address) => `::${address}`),
);

it('every address, and every network', async () => {
  const given = fc.sample(fc.oneof(ipv6, fc.ipV4()), { numRuns: 2000, seed: 1 });
  const { rows } = await sql<{ address: string; network: string }>`
    select host(given::inet) as address, text(network(set_masklen(given::inet, 20))) as network
    from unnest(${given}::text[]) with ordinality as of(given, place) order by place`.execute(database.store.db);
  expect(given.map(canonicalAddress)).toEqual(rows.map(({ address }) => address));
  expect(given.map((address) => canonicalCidr(`${address}/20`))).toEqual(rows.map(({ network }) => network));
});
