/** `GET /v2/octavia/loadbalancers/{id}/route`: which pool gets a request, and why. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, TestApi } from './support/api.ts';

let api: TestApi;
let lb: Json;
let [admin, usual]: Json[] = [];
beforeAll(async () => {
  api = await TestApi.start();
  lb = await api.loadBalancer();
  admin = await api.pool(lb.id, { name: 'admin' });
  usual = await api.pool(lb.id, { name: 'usual' });
  const listener = await api.listener(lb.id, { protocol_port: 8080, default_pool_id: usual.id });
  const toAdmin = await api.policy(listener.id, { action: 'REDIRECT_TO_POOL', redirect_pool_id: admin.id });
  await api.rule(toAdmin.id, { value: '/admin' });
  await api.rule(toAdmin.id, { type: 'HEADER', key: 'X-Role', compare_type: 'REGEX', value: '^(root|boss)$' });
  const moved = await api.policy(listener.id, { action: 'REDIRECT_PREFIX', redirect_prefix: 'https://new/' });
  await api.rule(moved.id, { type: 'HOST_NAME', compare_type: 'EQUAL_TO', value: 'old.example.com' });
  const hard = await api.policy(listener.id, { action: 'REJECT' });
  await api.rule(hard.id, { type: 'COOKIE', key: 'evil', compare_type: 'REGEX', value: '(?=a)a' });
  const slow = await api.policy(listener.id, { action: 'REJECT' });
  await api.rule(slow.id, { type: 'COOKIE', key: 'slow', compare_type: 'REGEX', value: '^(a+)+$' });
});
afterAll(() => api.stop());

const ask = async (query: Record<string, string> | [string, string][]): Promise<Json> =>
  (await api.get(`/v2/octavia/loadbalancers/${lb.id}/route?${new URLSearchParams(query)}`)).body;

test('names the pool, and the policy that decided', async () => {
  const { route } = await ask({ url: 'http://x:8080/x/../%61dmin?a=b', header: 'X-Role: boss' });
  expect(route).toMatchObject({ outcome: 'pool', pool_id: admin.id, status: null });
  expect(route.asked.at(-1)).toMatchObject({ policy_id: route.policy_id, action: 'REDIRECT_TO_POOL', matches: true });
  const other = (await ask({ url: 'http://x:8080/admin', header: 'X-Role: guest' })).route;
  expect(other).toMatchObject({ outcome: 'pool', pool_id: usual.id, policy_id: null });
  expect(
    other.asked
      .at(-1)
      .rules.map(({ matches }: Json) => matches)
      .sort(),
  ).toEqual([false, true]);
});

test('says what the load balancer answers itself', async () => {
  expect((await ask({ url: 'http://old.example.com:8080/a?b' })).route).toMatchObject({
    outcome: 'redirect',
    status: 302,
    location: 'https://new/a?b',
  });
  expect((await ask({ url: 'http://x:8080/', method: 'connect' })).route).toMatchObject({
    outcome: 'refused',
    status: 405,
  });
});

test('does not guess where only HAProxy can tell, and is not held up by an expression', async () => {
  const { route } = await ask({ url: 'http://x:8080/', header: 'Cookie: evil=a' });
  expect(route).toMatchObject({ outcome: 'undecided', pool_id: null });
  const slow = await ask({ url: 'http://x:8080/', header: `Cookie: slow=${'a'.repeat(40)}!` });
  expect(slow.route).toMatchObject({ outcome: 'undecided' });
});

test('refuses what is no request', async () => {
  for (const query of [
    {},
    { url: 'x' },
    { url: 'http://x/' },
    { url: 'http://x:8080/', header: 'x' },
    { url: 'http://x:8080/', a: 'b' },
  ]) {
    expect((await ask(query)).faultcode, JSON.stringify(query)).toBe('Client');
  }
});
