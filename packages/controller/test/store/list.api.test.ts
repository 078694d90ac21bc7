import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadBalancer } from '../../src/domain/resources.ts';
import { isOctaviaError } from '../../src/errors.ts';
import { EVERYTHING, type ListQuery } from '../../src/store/core/list-query.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';

let testStore: TestStore;
const rows: LoadBalancer[] = [];

beforeAll(async () => {
  testStore = await openTestStore();
  await testStore.store.transaction(async (tx) => {
    for (let index = 0; index < 40; index++) {
      const row = aLoadBalancer({
        name: `name-${index % 5}`,
        projectId: index % 3 === 0 ? 'one' : 'two',
        tags: [['a', 'b'], ['a'], ['c'], []][index % 4]!,
        createdAt: new Date(1_700_000_000_000 + Math.floor(index / 4) * 1000),
        updatedAt: index % 2 === 0 ? null : new Date(1_700_000_500_000 + (index % 7) * 1000),
        vip: { ...aLoadBalancer().vip, address: `198.18.4.${200 - index}` },
      });
      rows.push(row);
      await loadBalancers.insert(tx, row);
    }
    await loadBalancers.insert(tx, aLoadBalancer({ provisioningStatus: 'DELETED' }));
  });
});
afterAll(() => testStore.close());

const list = (query: Partial<ListQuery>) => loadBalancers.list(testStore.store.db, { ...EVERYTHING, ...query });

test('a load balancer comes back as it was stored', async () => {
  expect(await loadBalancers.get(testStore.store.db, rows[0]!.id)).toEqual(rows[0]);
});

test('deleted ones are not listed, everything else is, oldest first', async () => {
  const all = await list({});
  expect(all.map((row) => row.id).sort()).toEqual(rows.map((row) => row.id).sort());
  const times = all.map((row) => row.createdAt.getTime());
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test.each<[string, Partial<ListQuery>, (row: LoadBalancer) => boolean]>([
  ['one value', { filters: [{ field: 'name', values: ['name-1'] }] }, (row) => row.name === 'name-1'],
  ['several values', { filters: [{ field: 'name', values: ['name-1', 'name-2'] }] }, (row) => /-[12]$/.test(row.name)],
  ['null', { filters: [{ field: 'updatedAt', values: [null] }] }, (row) => row.updatedAt === null],
  [
    'an address',
    { filters: [{ field: 'vipAddress', values: ['198.18.4.199'] }] },
    (row) => row.vip.address === '198.18.4.199',
  ],
  ['a value that is not a UUID', { filters: [{ field: 'id', values: ['nonsense'] }] }, () => false],
  ['a project', { projectId: 'one' }, (row) => row.projectId === 'one'],
  ['all tags', { tags: { all: ['a', 'b'] } }, (row) => row.tags.includes('a') && row.tags.includes('b')],
  ['any tag', { tags: { any: ['b', 'c'] } }, (row) => row.tags.includes('b') || row.tags.includes('c')],
  ['not all tags', { tags: { notAll: ['a', 'b'] } }, (row) => !(row.tags.includes('a') && row.tags.includes('b'))],
  ['not any tag', { tags: { notAny: ['a', 'c'] } }, (row) => !row.tags.includes('a') && !row.tags.includes('c')],
])('filter by %s', async (_, query, matches) => {
  const found = await list(query);
  expect(found.map((row) => row.id).sort()).toEqual(
    rows
      .filter(matches)
      .map((row) => row.id)
      .sort(),
  );
});

test('pages walk the whole list without gap or repeat, forwards and backwards, whatever the order', async () => {
  const field = fc.constantFrom('name', 'updatedAt', 'createdAt', 'vipAddress', 'id', 'projectId');
  const direction = fc.constantFrom('asc' as const, 'desc' as const);
  const sort = fc.uniqueArray(fc.record({ field, direction }), { maxLength: 3, selector: (key) => key.field });
  await fc.assert(
    fc.asyncProperty(sort, fc.integer({ min: 1, max: 17 }), async (keys, limit) => {
      const whole = (await list({ sort: keys })).map((row) => row.id);
      const walk = async (reverse: boolean): Promise<string[]> => {
        const seen: string[] = [];
        let marker: string | undefined = reverse ? whole.at(-1) : undefined;
        for (;;) {
          const page = await list({ sort: keys, limit, reverse, ...(marker === undefined ? {} : { marker }) });
          if (page.length === 0) return seen;
          const ids = page.map((row) => row.id);
          if (reverse) seen.unshift(...ids);
          else seen.push(...ids);
          marker = reverse ? ids[0] : ids.at(-1);
        }
      };
      expect(await walk(false)).toEqual(whole);
      expect(await walk(true)).toEqual(whole.slice(0, -1));
    }),
    { numRuns: 25 },
  );
});

test.each(['nonsense', '00000000-0000-4000-8000-000000000000'])('an unknown marker (%s) is refused', async (marker) => {
  await expect(list({ marker })).rejects.toSatisfy((error) => isOctaviaError(error, 'INVALID_MARKER'));
});

test('a transaction that throws leaves nothing', async () => {
  const row = aLoadBalancer();
  const attempt = testStore.store.transaction(async (tx) => {
    await loadBalancers.insert(tx, row);
    throw new Error('no');
  });
  await expect(attempt).rejects.toThrow('no');
  expect(await loadBalancers.get(testStore.store.db, row.id)).toBeNull();
});
