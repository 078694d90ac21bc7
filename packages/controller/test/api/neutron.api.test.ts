/** The API in front of Neutron: whose token is used, under which id Neutron logs it, how long a slow Neutron is waited for. */
import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NeutronNetworkDriver } from '../../src/clouds/network/neutron/driver.ts';
import { Neutron } from '../../src/clouds/openstack/neutron.ts';
import { OpenStackSession } from '../../src/clouds/openstack/session.ts';
import { sessionSettings } from '../../src/clouds/openstack/settings.ts';
import { type ConfigOverrides, loadConfig } from '../../src/config/index.ts';
import { FakeNeutron } from '../clouds/openstack/support/fake-neutron.ts';
import { LOGIN } from '../clouds/openstack/support/played-cloud.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { type Answer, PROJECT, TestApi } from './support/api.ts';

const patience = { attempts: 15, shortestMs: 1000, backoffMs: 1000, longestMs: 10_000 };

let plain: TestApi;
let api: TestApi;
let keystone: FakeKeystone;
let neutron: FakeNeutron;
let session: OpenStackSession;
let token: string;
beforeAll(async () => {
  keystone = await FakeKeystone.start();
  neutron = await new FakeNeutron(keystone).listen();
  const endpoints = [{ interface: 'public', region_id: 'RegionOne', region: 'RegionOne', url: neutron.url }];
  keystone.services = [{ type: 'network', name: 'neutron', endpoints }];
  const service_auth = { auth_url: keystone.url, ...LOGIN, connect_retries: 0, status_code_retries: 0 };
  const config = loadConfig({ env: {}, overrides: { service_auth } });
  session = new OpenStackSession(sessionSettings(config), { log: SILENT_LOG, now: Date.now, pauseMs: 1 });
  plain = await TestApi.start();
  const sleep = async () => undefined;
  const driver = new NeutronNetworkDriver(
    new Neutron(session),
    { patience, allowInvisible: false },
    { sleep, log: SILENT_LOG },
  );
  const overrides: ConfigOverrides = {
    api_settings: { auth_strategy: 'keystone' },
    keystone_authtoken: keystone.settings,
  };
  api = await plain.sibling(overrides, driver);
  token = keystone.issue({ roles: ['load-balancer_member', 'member'], project: PROJECT });
});
afterAll(async () => {
  await plain.stop();
  await session.close();
  for (const fake of [neutron, keystone]) await fake.stop();
});
beforeEach(() => {
  neutron.asked.length = 0;
});

const create = (attributes: object, headers: Record<string, string> = {}): Promise<Answer> => {
  const loadbalancer = { project_id: PROJECT, provider: 'amphora', ...attributes };
  return api.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer }, { 'x-auth-token': token, ...headers });
};
const refusal = ({ status, body }: Answer) => [status, body.faultstring];
const own = (cidrs = ['10.1.0.0/24']) => neutron.network(cidrs, { project_id: PROJECT, shared: false });

it('looks up with the caller’s token, and makes the port with its own', async () => {
  const { id, subnets } = own();
  const { status, body } = await create({ vip_network_id: id });
  expect([status, body.loadbalancer.vip_subnet_id]).toEqual([201, subnets[0]]);
  expect(neutron.ports.get(body.loadbalancer.vip_port_id)).toMatchObject({
    project_id: PROJECT,
    admin_state_up: false,
  });
  const tokens = neutron.asked.map(({ method, path, headers }) =>
    [method, path.split(/[/?]/)[2], headers['x-auth-token'] === token ? 'caller' : 'service'].join(' '),
  );
  expect(tokens).toEqual(expect.arrayContaining(['GET networks caller', 'GET subnets caller', 'POST ports service']));
  const foreign = neutron.network(['10.1.0.0/24'], { project_id: 'another', shared: false });
  expect(refusal(await create({ vip_network_id: foreign.id }))).toEqual([400, `Network ${foreign.id} not found.`]);
});

it('hands on the id of the request, or the one that the client has for all services', async () => {
  const { id } = own();
  const answer = await create({ vip_network_id: id });
  const ids = () => [...new Set(neutron.asked.map(({ headers }) => headers['x-openstack-request-id']))];
  expect(ids()).toEqual([answer.headers.get('x-openstack-request-id')]);
  neutron.asked.length = 0;
  const global = `req-${randomUUID()}`;
  await create({ vip_network_id: own().id }, { 'x-openstack-request-id': global });
  expect(ids()).toEqual([global]);
});

describe('a request that Neutron refuses', () => {
  const quotaOf = (port: number) => neutron.projectQuota.set(PROJECT, port);

  it('is refused in its words, and leaves no port', async () => {
    const { id, subnets } = own();
    const before = neutron.ports.size;
    const at = (vip_address: string) => create({ vip_subnet_id: subnets[0], vip_address });
    quotaOf(0);
    const [status, text] = refusal(await create({ vip_network_id: id }));
    expect([status, text]).toEqual([403, expect.stringContaining("Quota exceeded for resources: ['port']")]);
    neutron.projectQuota.clear();
    neutron.fail(/^POST .*ports/, { status: 503, body: 'away' });
    expect(refusal(await create({ vip_network_id: id }))[0]).toBe(503);
    neutron.fail(/^POST .*ports/, 'cut');
    expect(refusal(await create({ vip_network_id: id }))[0]).toBe(503);
    expect(neutron.ports.size).toBe(before);
    expect((await at('10.1.0.77')).status).toBe(201);
    expect(refusal(await at('10.1.0.77'))).toEqual([409, expect.stringContaining('10.1.0.77 already allocated')]);
    expect(refusal(await at('192.0.2.1'))[0]).toBe(400);
    expect(neutron.ports.size).toBe(before + 1);
  });

  it('is written all the same when only the answer was lost', async () => {
    const before = neutron.ports.size;
    neutron.fail(/^POST .*ports/, 'lost');
    const { status, body } = await create({ vip_network_id: own().id });
    expect([status, neutron.ports.size]).toEqual([201, before + 1]);
    expect(neutron.ports.has(body.loadbalancer.vip_port_id)).toBe(true);
  });
});

it('chooses the first subnet with room, IPv4 first, by what Neutron counts', async () => {
  const { id, subnets } = own(['fd00:1::/64', '10.5.0.0/30', '10.6.0.0/24']);
  expect((await create({ vip_network_id: id })).body.loadbalancer.vip_subnet_id).toBe(subnets[2]);
});

it('refuses a network on the list of those denied', async () => {
  const denied = neutron.network(['10.1.0.0/24']);
  const networking = { denylist_vip_networks: [denied.id.toUpperCase()] };
  const sibling = await plain.sibling({ networking }, plain.network);
  const loadbalancer = { vip_network_id: denied.id, project_id: PROJECT };
  expect(refusal(await sibling.call('POST', '/v2/lbaas/loadbalancers', { loadbalancer }))).toEqual([
    400,
    'Validation failure: Supplied VIP network_id is not allowed by the configuration of this deployment.',
  ]);
});

it('waits three times for a Neutron that takes its time: for the network, for its subnets, for the port', async () => {
  await create({ vip_network_id: own().id });
  neutron.latency = 100;
  const policy = randomUUID();
  neutron.policies.set(policy, PROJECT);
  const vip_sg_ids = [neutron.groups.put('mine', PROJECT)];
  const took: number[] = [];
  neutron.rounds = 0;
  try {
    for (let turn = 0; turn < 4; turn += 1) {
      // Nothing of it is known yet.
      const { id } = own(['10.1.0.0/24', 'fd00:1::/64']);
      const began = performance.now();
      const more = turn % 2 === 0 ? {} : { vip_qos_policy_id: policy, vip_sg_ids };
      expect((await create({ vip_network_id: id, ...more })).status).toBe(201);
      took.push(performance.now() - began);
    }
  } finally {
    neutron.latency = 0;
  }
  console.log(`Creates took ${took.map(Math.round).join(', ')} ms.`);
  // The fourth of each is the tag of the port, which nobody waits for.
  expect(neutron.rounds).toBeLessThanOrEqual(4 * 4);
});
