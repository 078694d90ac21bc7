/** What a provider says to a change reaches the client as 500 or 501, and the change leaves nothing behind. */
import { randomUUID } from 'node:crypto';
import { DriverError, NotImplementedError, UnsupportedOptionError } from '@octavia/provider-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await TestApi.start();
  const lb = await api.loadBalancer();
  const listener = await api.listener(lb.id);
  const pool = await api.pool(lb.id, { listener_id: listener.id });
  const spare = await api.pool(lb.id);
  const member = await api.member(pool.id);
  const monitor = await api.monitor(pool.id);
  const policy = await api.policy(listener.id);
  const rule = await api.rule(policy.id);
  const made = { lb, listener, pool, spare, member, monitor, policy, rule };
  for (const [name, { id }] of Object.entries(made)) ids[name] = id;
});
afterAll(() => api.stop());

const monitor = { type: 'TCP', delay: 5, timeout: 5, max_retries: 3 };
const rule = { type: 'PATH', compare_type: 'EQUAL_TO', value: '/' };

/** `:name` stands for the id of what was made above. */
const changes: [method: string, path: string, body?: object][] = [
  ['POST', 'loadbalancers', { loadbalancer: { project_id: PROJECT, vip_subnet_id: randomUUID() } }],
  ['PUT', 'loadbalancers/:lb', { loadbalancer: { name: 'new' } }],
  ['PUT', 'loadbalancers/:lb/failover'],
  ['DELETE', 'loadbalancers/:lb?cascade=true'],
  ['POST', 'listeners', { listener: { loadbalancer_id: ':lb', protocol: 'HTTP', protocol_port: 8080 } }],
  ['PUT', 'listeners/:listener', { listener: { name: 'new' } }],
  ['DELETE', 'listeners/:listener'],
  ['POST', 'pools', { pool: { loadbalancer_id: ':lb', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' } }],
  ['PUT', 'pools/:pool', { pool: { name: 'new' } }],
  ['DELETE', 'pools/:pool'],
  ['POST', 'pools/:pool/members', { member: { address: '192.0.2.9', protocol_port: 80 } }],
  ['PUT', 'pools/:pool/members', { members: [{ address: '192.0.2.9', protocol_port: 80 }] }],
  ['PUT', 'pools/:pool/members/:member', { member: { weight: 9 } }],
  ['DELETE', 'pools/:pool/members/:member'],
  ['POST', 'healthmonitors', { healthmonitor: { pool_id: ':spare', ...monitor } }],
  ['PUT', 'healthmonitors/:monitor', { healthmonitor: { delay: 9 } }],
  ['DELETE', 'healthmonitors/:monitor'],
  ['POST', 'l7policies', { l7policy: { listener_id: ':listener', action: 'REJECT', position: 1 } }],
  ['PUT', 'l7policies/:policy', { l7policy: { name: 'new' } }],
  ['DELETE', 'l7policies/:policy'],
  ['POST', 'l7policies/:policy/rules', { rule }],
  ['PUT', 'l7policies/:policy/rules/:rule', { rule: { invert: true } }],
  ['DELETE', 'l7policies/:policy/rules/:rule'],
];

const says = { user_fault_string: 'not today' };
const refusals: [Error, number, string][] = [
  [new DriverError(says), 500, "Provider 'amphora' reports error: not today"],
  [new NotImplementedError(says), 501, "Provider 'amphora' does not support a requested action: not today"],
  [new UnsupportedOptionError(says), 501, "Provider 'amphora' does not support a requested option: not today"],
];

describe.each(changes)('%s %s', (method, path, body) => {
  const named = (text: string) => text.replace(/:([a-z]+)/g, (whole, name: string) => ids[name] ?? whole);

  it.each(refusals)('refused with %s', async (refusal, status, faultstring) => {
    const before = await api.snapshot();
    api.provider.refuseSubmit = refusal;
    const sent = body === undefined ? undefined : named(JSON.stringify(body));
    const answer = await api.call(method, `/v2/lbaas/${named(path)}`, sent);
    expect(answer).toMatchObject({ status, body: { faultcode: 'Server', faultstring } });
    expect(await api.snapshot()).toBe(before);
  });
});

it('a network that the provider refuses for VIPs is refused before anything is made', async () => {
  const loadbalancer = { project_id: PROJECT, vip_subnet_id: randomUUID() };
  api.provider.refusedNetwork = (await api.loadBalancer(loadbalancer)).vip_network_id;
  const before = await api.snapshot();
  expect(await api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer })).toMatchObject({
    status: 500,
    body: { faultstring: "Provider 'amphora' reports error: not on this network" },
  });
  expect(await api.snapshot()).toBe(before);
});
