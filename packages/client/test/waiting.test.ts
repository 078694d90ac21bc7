import { expect, it } from 'vitest';
import { NotFoundError, type WaitError } from '../src/index.ts';
import { type Answer, failure, play } from './played-api.ts';

const balancer = (provisioning_status: string, more: object = {}): Answer => [
  200,
  { loadbalancer: { id: 'lb', provisioning_status, ...more } },
];
const amphora = (status: string): Answer => [200, { amphora: { id: 'a', status } }];
const operation = (state: string, reason: string | null = null): Answer => [
  200,
  { operation: { id: 'o', state, reason } },
];
const QUICK = { intervalMs: 1 };

it('waits until the load balancer is ACTIVE, and shows every look', async () => {
  const { client, seen } = play([balancer('PENDING_CREATE'), balancer('PENDING_UPDATE'), balancer('ACTIVE')]);
  const states: string[] = [];
  const options = {
    ...QUICK,
    seen: (item: { provisioning_status: string }) => void states.push(item.provisioning_status),
  };
  expect(await client.loadBalancers.waitFor('lb', 'ACTIVE', options)).toMatchObject({ id: 'lb' });
  expect(states).toEqual(['PENDING_CREATE', 'PENDING_UPDATE', 'ACTIVE']);
  expect(seen).toHaveLength(3);
});

it('gives up on ERROR with the reason', async () => {
  const { client } = play([balancer('ERROR', { status_reason: 'no address left' })]);
  expect(await failure(client.loadBalancers.waitFor('lb'))).toMatchObject({
    name: 'WaitError',
    message: 'loadbalancer lb ended in ERROR: no address left',
    state: 'ERROR',
    timedOut: false,
  });
});

it('can wait for ERROR, too', async () => {
  const { client } = play([balancer('PENDING_UPDATE'), balancer('ERROR')]);
  expect(await client.loadBalancers.waitFor('lb', 'ERROR', QUICK)).toMatchObject({ provisioning_status: 'ERROR' });
});

it('gives up after the time limit with the state', async () => {
  const { client, seen } = play(Array.from({ length: 100 }, () => balancer('PENDING_CREATE')));
  const error = (await failure(client.loadBalancers.waitFor('lb', 'ACTIVE', { ...QUICK, timeoutMs: 20 }))) as WaitError;
  expect(error.message).toBe('Waited 0.02 s for loadbalancer lb to become ACTIVE; it is still PENDING_CREATE');
  expect(error).toMatchObject({ state: 'PENDING_CREATE', timedOut: true });
  expect(seen.length).toBeGreaterThan(1);
});

it('ends with the signal, also in a pause', async () => {
  const { client } = play([balancer('PENDING_CREATE')]);
  const signal = AbortSignal.timeout(5);
  const error = await failure(client.loadBalancers.waitFor('lb', 'ACTIVE', { intervalMs: 60_000, signal }));
  expect(error).toMatchObject({ name: 'TimeoutError' });
});

it.each([
  ['DELETED', balancer('DELETED')],
  ['404', [404, { faultstring: 'gone' }] as Answer],
])('takes %s as deleted', async (_, last) => {
  const { client } = play([balancer('PENDING_DELETE'), last]);
  await client.loadBalancers.waitForDeleted('lb', QUICK);
});

it('does not take ERROR as deleted, nor a 404 as ACTIVE', async () => {
  const { client } = play([balancer('ERROR'), [404, { faultstring: 'gone' }]]);
  expect(await failure(client.loadBalancers.waitForDeleted('lb'))).toMatchObject({ state: 'ERROR' });
  expect(await failure(client.loadBalancers.waitFor('lb'))).toBeInstanceOf(NotFoundError);
});

it('waits for amphorae by their own status', async () => {
  const { client } = play([
    amphora('PENDING_CREATE'),
    amphora('ALLOCATED'),
    amphora('PENDING_DELETE'),
    [404, ''],
    amphora('ERROR'),
    amphora('ERROR'),
  ]);
  expect(await client.amphorae.waitFor('a', 'ALLOCATED', QUICK)).toMatchObject({ status: 'ALLOCATED' });
  await client.amphorae.waitForDeleted('a', QUICK);
  expect(await failure(client.amphorae.waitFor('a'))).toMatchObject({ message: 'amphora a ended in ERROR' });
  expect(await failure(client.amphorae.waitForDeleted('a'))).toMatchObject({ message: 'amphora a ended in ERROR' });
});

it('waits for an operation to end', async () => {
  const { client } = play([operation('queued'), operation('running'), operation('succeeded')]);
  const states: string[] = [];
  const options = { ...QUICK, seen: ({ state }: { state: string }) => void states.push(state) };
  expect(await client.operations.waitFor('o', options)).toMatchObject({ state: 'succeeded' });
  expect(states).toEqual(['queued', 'running', 'succeeded']);
  const failed = play([operation('undoing'), operation('failed', 'it broke')]).client;
  expect(await failure(failed.operations.waitFor('o', QUICK))).toMatchObject({
    message: 'operation o failed: it broke',
  });
});
