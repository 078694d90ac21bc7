import { expect, it } from 'vitest';
import { AnswerError } from '../src/index.ts';
import { failure, play } from './played-api.ts';

const page = (ids: string[], next?: string): [number, object] => [
  200,
  {
    pools: ids.map((id) => ({ id })),
    pools_links: [
      { rel: 'previous', href: 'http://api:9876/v2/lbaas/pools?marker=z&page_reverse=True' },
      ...(next === undefined ? [] : [{ rel: 'next', href: next }]),
    ],
  },
];

it('follows next links to the end', async () => {
  const { client, seen } = play([
    page(['a', 'b'], 'http://api:9876/v2/lbaas/pools?limit=2&marker=b&name=x+y'),
    page(['c'], 'http://api:9876/v2/lbaas/pools?limit=2&marker=c&name=x+y'),
    page([]),
  ]);
  const ids: string[] = [];
  for await (const { id } of client.pools.list({ limit: 2, name: 'x y' })) ids.push(id);
  expect(ids).toEqual(['a', 'b', 'c']);
  expect(seen.map(({ url }) => url)).toEqual([
    'http://api:9876/v2/lbaas/pools?limit=2&name=x+y',
    'http://api:9876/v2/lbaas/pools?limit=2&marker=b&name=x+y',
    'http://api:9876/v2/lbaas/pools?limit=2&marker=c&name=x+y',
  ]);
});

it('takes only the query of a link: tokens go to no other host', async () => {
  const { client, seen } = play([page(['a'], 'http://elsewhere/strange?marker=a'), page(['b'])]);
  expect(await client.pools.list().toArray()).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(seen[1]?.url).toBe('http://api:9876/v2/lbaas/pools?marker=a');
});

it('asks for nothing before it is read, and for no page too many', async () => {
  const { client, seen } = play([page(['a', 'b'], '?marker=b'), page(['c'])]);
  const pools = client.pools.list();
  expect(seen).toHaveLength(0);
  for await (const { id } of pools) if (id === 'b') break;
  expect(seen).toHaveLength(1);
  expect(await pools.first()).toEqual({ id: 'c' });
});

it('gives pages as they came', async () => {
  const { client } = play([page(['a', 'b'], '?marker=b'), page([])]);
  const sizes: number[] = [];
  for await (const { length } of client.pools.list().pages()) sizes.push(length);
  expect(sizes).toEqual([2, 0]);
});

it('repeats names for several values, and leaves out what is undefined', async () => {
  const { client, seen } = play([page([])]);
  const query = { fields: ['id', 'name'], tags: ['a', 'b'], name: undefined, admin_state_up: true } as const;
  expect(await client.pools.list(query).first()).toBeUndefined();
  expect(seen[0]?.url).toBe('http://api:9876/v2/lbaas/pools?fields=id&fields=name&tags=a&tags=b&admin_state_up=true');
});

it('does not go round in circles', async () => {
  const { client, seen } = play([page(['a'], '?marker=a'), page(['b'], '?marker=a'), page(['b'], '?marker=a')]);
  expect(await failure(client.pools.list().toArray())).toBeInstanceOf(AnswerError);
  expect(seen).toHaveLength(2);
});

it('ends with the signal', async () => {
  const end = new AbortController();
  const { client } = play([page(['a'], '?marker=a')], {});
  const read = async (): Promise<void> => {
    for await (const _ of client.pools.list({}, { signal: end.signal })) end.abort(new Error('enough'));
  };
  expect(await failure(read())).toMatchObject({ message: 'enough' });
});
