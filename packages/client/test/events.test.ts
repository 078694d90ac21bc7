/** Events as the client hears them, and waiting by them. */
import { expect, it } from 'vitest';
import { type Happened, NotFoundError } from '../src/index.ts';
import { BROKEN, failure, play } from './played-api.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const happened = (position: string, ...kinds: string[]): [number, unknown] => [
  200,
  { events: kinds.map((kind) => ({ kind })), position, reload: false },
];
const balancer = (provisioning_status: string): [number, unknown] => [
  200,
  { loadbalancer: { id: ID, provisioning_status } },
];
const NONE: [number, unknown] = [404, { faultstring: 'The resource could not be found.' }];

async function take(stream: AsyncGenerator<Happened, never>, count: number): Promise<Happened[]> {
  const taken: Happened[] = [];
  for await (const one of stream) if (taken.push(one) === count) break;
  return taken;
}

const queries = (seen: { url: string }[]): string[] => seen.map(({ url }) => url.replace(/^http:\/\/api:9876/, ''));

it('goes on behind each answer, also over one that broke off', async () => {
  const { client, seen } = play([happened('1'), happened('2', 'created'), BROKEN, happened('3', 'status', 'health')], {
    retries: 0,
  });
  const got = await take(client.events({ loadBalancerId: ID, kinds: ['created', 'status', 'health'] }), 2);
  expect(got.map(({ events }) => events.map(({ kind }) => kind))).toEqual([['created'], ['status', 'health']]);
  const query = `/v2/octavia/events?loadbalancer_id=${ID}&kind=created&kind=status&kind=health`;
  expect(queries(seen)).toEqual([
    `${query}&timeout=30`,
    `${query}&after=1&timeout=30`,
    `${query}&after=2&timeout=30`,
    `${query}&after=2&timeout=30`,
  ]);
});

it('tells that events were missed', async () => {
  const { client } = play([[200, { events: [], position: '9', reload: true }]]);
  expect(await take(client.events({ after: '1' }), 1)).toEqual([{ events: [], position: '9', reload: true }]);
});

it('says where a service has none', async () => {
  const { client } = play([NONE]);
  expect(await failure(take(client.events(), 1))).toBeInstanceOf(NotFoundError);
});

it('waits by events: a look when it is told, not before', async () => {
  const { client, seen } = play([
    balancer('PENDING_CREATE'),
    happened('1'),
    balancer('PENDING_CREATE'),
    happened('2', 'status'),
    balancer('ACTIVE'),
  ]);
  expect(await client.loadBalancers.waitFor(ID)).toMatchObject({ provisioning_status: 'ACTIVE' });
  expect(queries(seen).filter((path) => path.includes('events'))).toEqual([
    `/v2/octavia/events?loadbalancer_id=${ID}&timeout=30`,
    `/v2/octavia/events?loadbalancer_id=${ID}&after=1&timeout=30`,
  ]);
});

it('looks again and again where a service has no events', async () => {
  const { client, seen } = play([balancer('PENDING_CREATE'), NONE, balancer('PENDING_CREATE'), balancer('ACTIVE')]);
  await client.loadBalancers.waitFor(ID);
  expect(queries(seen).filter((path) => path.includes('events'))).toHaveLength(1);
});
