/** Whatever texts a tenant chose: every read shows them as the answer to the change did. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApi } from './support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const PATH = '/v2/lbaas/loadbalancers';
const HOSTILE = 'a\x1eb\x1fc\nd\re\tf"g\\h{i},j\x01\x7f \u2028 ünïcödé 🦊 null';

it.each(['', 'null', '{}', HOSTILE])('a load balancer whose texts are %j', async (text) => {
  const tags = text === '' ? [] : [text, 'b', 'c,d'];
  const lb = await api.loadBalancer({ name: text, description: text, tags });
  const listener = await api.listener(lb.id, { name: text });
  const pool = await api.pool(lb.id, { name: text });
  await api.listener(lb.id, { protocol_port: 81, default_pool_id: pool.id });
  const member = await api.member(pool.id, { name: text });
  await api.settle();

  const changed = await api.call('PUT', `${PATH}/${lb.id}`, { loadbalancer: { admin_state_up: false } });
  await api.settle();
  const shown = (await api.get(`${PATH}/${lb.id}`)).body.loadbalancer;
  // The change came to rest after its answer, maybe in the next second.
  const { provisioning_status, operating_status, updated_at } = shown;
  expect(Date.parse(updated_at)).toBeGreaterThanOrEqual(Date.parse(changed.body.loadbalancer.updated_at));
  expect(shown).toMatchObject({ name: text, description: text, tags, provisioning_status: 'ACTIVE' });
  expect(shown).toEqual({ ...changed.body.loadbalancer, provisioning_status, operating_status, updated_at });
  expect(Object.keys(shown)).toEqual(Object.keys(changed.body.loadbalancer));
  expect(shown.listeners).toHaveLength(2);

  const { loadbalancers } = (await api.get(PATH)).body;
  expect(loadbalancers).toContainEqual(shown);
  const fields = (await api.get(`${PATH}/${lb.id}?fields=name&fields=tenant_id&fields=nonsense`)).body.loadbalancer;
  expect(fields).toEqual({ name: text, tenant_id: shown.project_id });
  expect((await api.get(`${PATH}/${lb.id}?fields=nonsense`)).body).toEqual({ loadbalancer: {} });

  const tree = (await api.get(`${PATH}/${lb.id}/status`)).body.statuses.loadbalancer;
  expect(tree).toMatchObject({ id: lb.id, name: text, listeners: [{ id: listener.id, name: text, pools: [] }, {}] });
  expect(tree.listeners[1].pools[0]).toMatchObject({ name: text, members: [{ id: member.id, name: text }] });
});
