import { expect, test } from 'vitest';
import { ApiError, OctaviaClient, WaitError } from '../src/index.ts';

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

/** A client whose API gives the answers in order. */
function clientOf(answers: [number, unknown][]): { client: OctaviaClient; seen: Seen[] } {
  const seen: Seen[] = [];
  const fake = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    seen.push({
      method: init.method ?? 'GET',
      url: String(url),
      headers: init.headers as Record<string, string>,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    });
    const [status, body] = answers.shift() ?? [500, { faultstring: 'no answer left' }];
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(text, { status, headers: { 'x-openstack-request-id': 'req-1' } });
  };
  const client = new OctaviaClient({ baseUrl: 'http://api:9876/', projectId: 'p', fetch: fake as typeof fetch });
  return { client, seen };
}

const balancer = (provisioning_status: string) => ({ loadbalancer: { id: 'lb', provisioning_status } });

test('wraps a create and unwraps the answer', async () => {
  const { client, seen } = clientOf([[201, { loadbalancer: { id: 'lb' } }]]);
  expect(await client.loadBalancers.create({ name: 'web', vip_subnet_id: 's' })).toEqual({ id: 'lb' });
  expect(seen[0]).toMatchObject({
    method: 'POST',
    url: 'http://api:9876/v2/lbaas/loadbalancers',
    body: { loadbalancer: { name: 'web', vip_subnet_id: 's' } },
    headers: { 'x-project-id': 'p', 'content-type': 'application/json' },
  });
});

test('lists with query parameters, repeated for a list', async () => {
  const { client, seen } = clientOf([[200, { pools: [], pools_links: [] }]]);
  expect(await client.pools.list({ limit: 5, fields: ['id', 'name'] })).toEqual([]);
  expect(seen[0]?.url).toBe('http://api:9876/v2/lbaas/pools?limit=5&fields=id&fields=name');
});

test('addresses members below their pool, and escapes ids', async () => {
  const { client, seen } = clientOf([[200, { member: { id: 'm' } }]]);
  await client.members('p/1').update('m', { weight: 3 });
  expect(seen[0]).toMatchObject({
    method: 'PUT',
    url: 'http://api:9876/v2/lbaas/pools/p%2F1/members/m',
    body: { member: { weight: 3 } },
  });
});

test('takes an empty answer of a delete', async () => {
  const { client, seen } = clientOf([[204, undefined]]);
  await client.loadBalancers.delete('lb', { cascade: true });
  expect(seen[0]?.url).toBe('http://api:9876/v2/lbaas/loadbalancers/lb?cascade=true');
});

test.each([
  [{ faultcode: 'Client', faultstring: 'Listener x not found.', debuginfo: null }, 'Listener x not found.'],
  [{ code: 404, title: 'Not Found', description: 'Pool x not found.' }, 'Pool x not found.'],
  [{ code: 404, title: 'Not Found', description: '' }, 'Not Found'],
  ['<html>bad gateway</html>', '<html>bad gateway</html>'],
  [undefined, 'HTTP status 404'],
])('reads the sentence of the error body %j', async (body, sentence) => {
  const { client } = clientOf([[404, body]]);
  const error: unknown = await client.listeners.show('x').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 404, message: sentence, requestId: 'req-1' });
});

test('waits until the load balancer is ACTIVE', async () => {
  const { client, seen } = clientOf([
    [200, balancer('PENDING_CREATE')],
    [200, balancer('PENDING_UPDATE')],
    [200, balancer('ACTIVE')],
  ]);
  expect(await client.waitForActive('lb', { intervalMs: 1 })).toMatchObject({ provisioning_status: 'ACTIVE' });
  expect(seen).toHaveLength(3);
});

test('gives up waiting on ERROR with the reason, and after the time limit with the state', async () => {
  const failed = { loadbalancer: { id: 'lb', provisioning_status: 'ERROR', status_reason: 'no address left' } };
  const broken = clientOf([
    [200, failed],
    [200, failed],
  ]).client.waitForActive('lb');
  await expect(broken).rejects.toThrow(new WaitError('Load balancer lb ended in ERROR: no address left'));
  const slow = clientOf([[200, balancer('PENDING_CREATE')]]).client.waitForActive('lb', { timeoutMs: -1 });
  await expect(slow).rejects.toThrow('it is still PENDING_CREATE');
});

test('takes a 404 as deleted', async () => {
  const { client } = clientOf([
    [200, balancer('PENDING_DELETE')],
    [404, { faultstring: 'gone' }],
  ]);
  await client.loadBalancers.waitForDeleted('lb', { intervalMs: 1 });
});

test('says so when the answer is not of this API', async () => {
  const { client } = clientOf([[200, { hello: 'world' }]]);
  await expect(client.loadBalancers.list()).rejects.toThrow('is this an Octavia API?');
});
