/** Drivers of the published interface, as the API calls them. */
import {
  Conflict,
  DriverError,
  NotFound,
  NotImplementedError,
  ProviderDriver,
  type ProviderModel,
  UnsupportedOptionError,
} from '@octavia/provider-lib';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { UnconfiguredCertificateManager } from '../../src/clouds/certificates/barbican/unconfigured.ts';
import { DriverProvider } from '../../src/providers/driver/provider.ts';
import { sql } from '../../src/store/core/sql.ts';
import { CatalogApi, type Json, PROJECT } from '../catalog/support/catalog-api.ts';

const METHODS = Object.getOwnPropertyNames(ProviderDriver.prototype).filter((name) => name !== 'constructor');

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'to_dict' in value
    ? (value as ProviderModel).to_dict({ recurse: true })
    : Array.isArray(value)
      ? value.map(plain)
      : value;

type Behaviour = (...given: unknown[]) => unknown;

/** Records every call as it would be sent, and then does what the test says. */
class RecordingDriver extends ProviderDriver {
  readonly calls: [method: string, ...given: unknown[]][] = [];
  behaviour: Record<string, Behaviour> = {};

  constructor() {
    super();
    for (const method of METHODS) {
      Object.assign(this, {
        [method]: (...given: unknown[]) => {
          this.calls.push([method, ...given.map(plain)]);
          return this.behaviour[method]?.(...given);
        },
      });
    }
  }
}

const driver = new RecordingDriver();
let api: CatalogApi;

beforeAll(async () => {
  const certificates = new UnconfiguredCertificateManager();
  const options = { description: '', driver, certificates, timeoutMs: 700, maximumCalls: 2 };
  api = await CatalogApi.start({}, { acme: new DriverProvider({ ...options, name: 'acme' }) });
});
afterAll(() => api.stop());
beforeEach(() => {
  driver.calls.length = 0;
  driver.behaviour = {
    create_vip_port: () => {
      throw new NotImplementedError();
    },
  };
});

const SUBNET = '11111111-1111-1111-1111-111111111111';
/** As a driver does that reports the end of what it was asked for. */
const release = () =>
  api.database.store.pool.query(`
    update load_balancer set provisioning_status = 'ACTIVE' where provisioning_status <> 'DELETED';
    update listener set provisioning_status = 'ACTIVE'; update pool set provisioning_status = 'ACTIVE';
    update member set provisioning_status = 'ACTIVE'; update health_monitor set provisioning_status = 'ACTIVE';
    update l7policy set provisioning_status = 'ACTIVE'; update l7rule set provisioning_status = 'ACTIVE'`);

const create = (attributes: object = {}) =>
  api.call('POST', '/v2/lbaas/loadbalancers', {
    loadbalancer: { project_id: PROJECT, provider: 'acme', vip_subnet_id: SUBNET, ...attributes },
  });

async function made(kind: string, wrapper: string, attributes: object): Promise<Json> {
  const answer = await api.call('POST', `/v2/lbaas/${kind}`, { [wrapper]: attributes });
  expect([answer.status, answer.body.faultstring]).toEqual([201, undefined]);
  await release();
  return answer.body[wrapper];
}

const balancer = async (): Promise<Json> => {
  const { status, body } = await create();
  expect(status).toBe(201);
  await release();
  driver.calls.length = 0;
  return body.loadbalancer;
};

const rowsOf = async (table: string): Promise<number> => {
  const { rows } = await sql<{
    count: number;
  }>`select count(*)::int as count from ${sql.table(table as 'pool')}`.execute(api.database.store.db);
  return rows[0]?.count ?? 0;
};

it('a load balancer arrives with what was decided about its VIP, and without statuses', async () => {
  const { body } = await create({ name: 'web', description: 'd', tags: ['t'] });
  const { id, vip_port_id, vip_address, vip_network_id } = body.loadbalancer;
  expect(body.loadbalancer).toMatchObject({ provisioning_status: 'PENDING_CREATE', operating_status: 'OFFLINE' });
  const vip = { vip_network_id, vip_subnet_id: SUBNET };
  expect(driver.calls).toEqual([
    ['create_vip_port', id, PROJECT, { project_id: PROJECT, ...vip }, []],
    [
      'loadbalancer_create',
      {
        loadbalancer_id: id,
        name: 'web',
        description: 'd',
        admin_state_up: true,
        project_id: PROJECT,
        vip_address,
        vip_port_id,
        vip_sg_ids: [],
        vip_qos_policy_id: null,
        additional_vips: [],
        ...vip,
      },
    ],
  ]);
});

it('a driver may decide the VIP itself', async () => {
  driver.behaviour.create_vip_port = (_id, _project, vip) => [
    { ...(vip as object), vip_address: '203.0.113.9', vip_port_id: '7d3c1d2e-0f1a-4b5c-8d9e-0a1b2c3d4e5f' },
    [],
  ];
  const { body } = await create();
  expect(body.loadbalancer).toMatchObject({
    vip_address: '203.0.113.9',
    vip_port_id: '7d3c1d2e-0f1a-4b5c-8d9e-0a1b2c3d4e5f',
    vip_subnet_id: SUBNET,
  });
  const senseless = [{ vip_address: 'x' }, { vip_address: '203.0.113.9', vip_port_id: 'p' }].map((vip) => [vip, []]);
  for (const answer of [undefined, [], [{}, []], [null, []], ...senseless]) {
    driver.behaviour.create_vip_port = () => answer;
    const refused = await create();
    expect([refused.status, refused.body.faultstring]).toEqual([
      500,
      expect.stringMatching(/^Provider 'acme' reports error: The driver's answer makes no sense: /),
    ]);
  }
  driver.behaviour.create_vip_port = () => {
    throw new Conflict({ user_fault_string: 'taken' });
  };
  const taken = await create();
  expect([taken.status, taken.body.faultstring]).toEqual([409, 'The VIP IP address is already in use: taken']);
});

it('a whole tree arrives in one call', async () => {
  const members = [{ address: '192.0.2.1', protocol_port: 80 }];
  const healthmonitor = { type: 'HTTP', delay: 5, timeout: 3, max_retries: 2 };
  const { status } = await create({
    listeners: [
      {
        protocol: 'HTTP',
        protocol_port: 80,
        insert_headers: { 'X-Forwarded-For': 'true' },
        default_pool: { name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members, healthmonitor },
        l7policies: [{ action: 'REJECT', rules: [{ type: 'PATH', compare_type: 'EQUAL_TO', value: '/x' }] }],
      },
    ],
  });
  expect(status).toBe(201);
  const [, [method, tree]] = driver.calls as [unknown, [string, Json]];
  expect(method).toBe('loadbalancer_create');
  const pool = {
    name: 'p',
    session_persistence: null,
    members: [expect.objectContaining({ address: '192.0.2.1', weight: 1, backup: false, vnic_type: 'normal' })],
    healthmonitor: expect.objectContaining({
      type: 'HTTP',
      http_method: 'GET',
      http_version: null,
      max_retries_down: 3,
    }),
  };
  expect(tree).toMatchObject({
    listeners: [
      {
        insert_headers: { 'X-Forwarded-For': 'true' },
        default_pool: pool,
        default_pool_id: tree.pools[0].pool_id,
        l7policies: [{ action: 'REJECT', position: 1, rules: [{ type: 'PATH', value: '/x', invert: false }] }],
      },
    ],
    pools: [{ ...pool, listener_id: tree.listeners[0].listener_id, loadbalancer_id: tree.loadbalancer_id }],
  });
});

it('updates hold the baseline, and then nothing but what was mentioned', async () => {
  const { id: loadbalancer_id } = await balancer();
  const listener = await made('listeners', 'listener', { loadbalancer_id, protocol: 'HTTP', protocol_port: 80 });
  const pool = await made('pools', 'pool', { listener_id: listener.id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' });
  const members = `pools/${pool.id}/members`;
  const member = await made(members, 'member', {
    address: '192.0.2.1',
    protocol_port: 80,
    monitor_port: 8080,
    weight: 3,
  });
  const monitor = await made('healthmonitors', 'healthmonitor', {
    ...{ pool_id: pool.id, type: 'HTTP', delay: 5, timeout: 3, max_retries: 2 },
  });
  const policy = await made('l7policies', 'l7policy', { listener_id: listener.id, action: 'REJECT' });
  const rule = await made(`l7policies/${policy.id}/rules`, 'rule', {
    ...{ type: 'PATH', compare_type: 'EQUAL_TO', value: '/x' },
  });
  expect(driver.calls.map(([method]) => method)).toEqual([
    'listener_create',
    'pool_create',
    'member_create',
    'health_monitor_create',
    'l7policy_create',
    'l7rule_create',
  ]);
  const cases: [path: string, wrapper: string, change: object, method: string, old: object, mentioned: object][] = [
    [
      `loadbalancers/${loadbalancer_id}`,
      'loadbalancer',
      { name: 'n' },
      'loadbalancer_update',
      { name: '', vip_subnet_id: SUBNET },
      { loadbalancer_id, name: 'n' },
    ],
    [
      `listeners/${listener.id}`,
      'listener',
      { connection_limit: 5, default_pool_id: null },
      'listener_update',
      { connection_limit: -1, default_pool_id: pool.id, protocol: 'HTTP' },
      { listener_id: listener.id, connection_limit: 5, default_pool_id: null },
    ],
    [
      `pools/${pool.id}`,
      'pool',
      { session_persistence: { type: 'SOURCE_IP' } },
      'pool_update',
      { session_persistence: null, lb_algorithm: 'ROUND_ROBIN' },
      { pool_id: pool.id, session_persistence: expect.objectContaining({ type: 'SOURCE_IP' }) },
    ],
    [
      `${members}/${member.id}`,
      'member',
      { weight: null, monitor_port: null },
      'member_update',
      { weight: 3, monitor_port: 8080 },
      { member_id: member.id, weight: 1, monitor_port: null },
    ],
    [
      `healthmonitors/${monitor.id}`,
      'healthmonitor',
      { http_version: 1.1, domain_name: 'example.org' },
      'health_monitor_update',
      { delay: 5, http_version: null },
      { healthmonitor_id: monitor.id, http_version: 1.1, domain_name: 'example.org' },
    ],
    [
      `l7policies/${policy.id}`,
      'l7policy',
      { name: 'n' },
      'l7policy_update',
      { action: 'REJECT', position: 1 },
      { l7policy_id: policy.id, name: 'n' },
    ],
    [
      `l7policies/${policy.id}/rules/${rule.id}`,
      'rule',
      { value: '/y' },
      'l7rule_update',
      { value: '/x', type: 'PATH' },
      { l7rule_id: rule.id, value: '/y' },
    ],
  ];
  for (const [path, wrapper, change, method, old, mentioned] of cases) {
    driver.calls.length = 0;
    const answer = await api.call('PUT', `/v2/lbaas/${path}`, { [wrapper]: change });
    expect([method, answer.status, answer.body.faultstring]).toEqual([method, 200, undefined]);
    expect(driver.calls).toEqual([[method, expect.objectContaining(old), mentioned]]);
    await release();
  }
});

it('a batch is the whole list that is wanted', async () => {
  const { id: loadbalancer_id } = await balancer();
  const pool = await made('pools', 'pool', { loadbalancer_id, protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN' });
  const path = `/v2/lbaas/pools/${pool.id}/members`;
  const member = (last: number, weight = 1) => ({ address: `192.0.2.${last}`, protocol_port: 80, weight });
  const batch = async (members: object[], query = '') => {
    driver.calls.length = 0;
    expect((await api.call('PUT', path + query, { members })).status).toBe(202);
    const [[method, id, given]] = driver.calls as [[string, string, Json[]]];
    expect([method, id]).toEqual(['member_batch_update', pool.id]);
    return given.map(({ address, weight }) => [address, weight]).sort();
  };
  expect(await batch([member(15), member(16)])).toEqual([
    ['192.0.2.15', 1],
    ['192.0.2.16', 1],
  ]);
  await release();
  expect(await batch([member(16, 7), member(17)])).toEqual([
    ['192.0.2.16', 7],
    ['192.0.2.17', 1],
  ]);
  await api.database.store.pool.query(`delete from member where provisioning_status = 'PENDING_DELETE'`);
  await release();
  expect(await batch([member(18)], '?additive_only=true')).toHaveLength(3);
  await release();
  expect(await batch([])).toEqual([]);
});

it('deletes and failovers', async () => {
  const { id: loadbalancer_id } = await balancer();
  const listener = await made('listeners', 'listener', { loadbalancer_id, protocol: 'TCP', protocol_port: 80 });
  driver.calls.length = 0;
  expect((await api.call('PUT', `/v2/lbaas/loadbalancers/${loadbalancer_id}/failover`)).status).toBe(202);
  await release();
  expect((await api.call('DELETE', `/v2/lbaas/listeners/${listener.id}`)).status).toBe(204);
  expect((await api.get(`/v2/lbaas/listeners/${listener.id}`)).body.listener.provisioning_status).toBe(
    'PENDING_DELETE',
  );
  await release();
  expect((await api.call('DELETE', `/v2/lbaas/loadbalancers/${loadbalancer_id}`)).status).toBe(400);
  expect((await api.call('DELETE', `/v2/lbaas/loadbalancers/${loadbalancer_id}?cascade=true`)).status).toBe(204);
  expect(driver.calls).toEqual([
    ['loadbalancer_failover', loadbalancer_id],
    ['listener_delete', expect.objectContaining({ listener_id: listener.id, protocol: 'TCP' })],
    ['loadbalancer_delete', expect.objectContaining({ loadbalancer_id }), true],
  ]);
});

it.each<[Error, number, string]>([
  [new DriverError({ user_fault_string: 'broken' }), 500, "Provider 'acme' reports error: broken"],
  [
    new NotImplementedError({ user_fault_string: 'not this' }),
    501,
    "Provider 'acme' does not support a requested action: not this",
  ],
  [
    new UnsupportedOptionError({ user_fault_string: 'not so' }),
    501,
    "Provider 'acme' does not support a requested option: not so",
  ],
  [new Error('secret'), 500, "Provider 'acme' reports error: An unknown driver error occurred."],
  // As another copy of the library makes it.
  [
    Object.assign(new Error('x'), { name: 'UnsupportedOptionError', user_fault_string: 'theirs' }),
    501,
    "Provider 'acme' does not support a requested option: theirs",
  ],
])('%s refuses, and leaves nothing', async (error, status, text) => {
  const { id: loadbalancer_id } = await balancer();
  const before = [await rowsOf('load_balancer'), await rowsOf('listener')];
  const raise = () => {
    throw error;
  };
  driver.behaviour = {
    ...driver.behaviour,
    loadbalancer_create: raise,
    listener_create: raise,
    loadbalancer_update: raise,
  };
  const port = { loadbalancer_id, protocol: 'TCP', protocol_port: 80 };
  const answers = [
    await create(),
    await api.call('POST', '/v2/lbaas/listeners', { listener: port }),
    await api.call('PUT', `/v2/lbaas/loadbalancers/${loadbalancer_id}`, { loadbalancer: { name: 'new' } }),
  ];
  for (const { status: got, body } of answers) expect([got, body.faultstring]).toEqual([status, text]);
  expect([await rowsOf('load_balancer'), await rowsOf('listener')]).toEqual(before);
  const { body } = await api.get(`/v2/lbaas/loadbalancers/${loadbalancer_id}`);
  expect(body.loadbalancer).toMatchObject({ provisioning_status: 'ACTIVE', name: '' });
});

it('a driver that does not answer costs its own request, and only so long', async () => {
  const [{ id }, { id: other }, { id: third }] = [await balancer(), await balancer(), await balancer()];
  driver.behaviour.loadbalancer_update = () => new Promise(() => undefined);
  const rename = (one: string) => api.call('PUT', `/v2/lbaas/loadbalancers/${one}`, { loadbalancer: { name: 'late' } });
  const since = performance.now();
  const stalled = [rename(id), rename(other)];
  await expect.poll(() => driver.calls.length).toBe(2);
  const refused = await rename(third);
  expect([refused.status, refused.body.faultstring]).toEqual([
    500,
    "Provider 'acme' reports error: 2 calls of the driver are under way; try again later.",
  ]);
  // Everybody else is served meanwhile.
  expect((await api.get(`/v2/lbaas/loadbalancers/${id}`)).status).toBe(200);
  await api.loadBalancer({ provider: 'noop_driver' });
  for (const { status, body } of await Promise.all(stalled)) {
    expect([status, body.faultstring]).toEqual([
      500,
      "Provider 'acme' reports error: The driver did not answer within 0.7 seconds.",
    ]);
  }
  expect(performance.now() - since).toBeGreaterThan(690);
  driver.behaviour = {};
  expect((await rename(id)).status).toBe(200);
});

it('flavors and zones are judged by the driver, and arrive as what they say', async () => {
  driver.behaviour = {
    ...driver.behaviour,
    get_supported_flavor_metadata: () => ({ size: 'How big.' }),
    get_supported_availability_zone_metadata: async () => ({ place: 'Where.' }),
  };
  const capabilities = async (kind: string) => (await api.get(`/v2/lbaas/providers/acme/${kind}`)).body[kind];
  expect(await capabilities('flavor_capabilities')).toEqual([{ name: 'size', description: 'How big.' }]);
  expect(await capabilities('availability_zone_capabilities')).toEqual([{ name: 'place', description: 'Where.' }]);
  const profile = (flavor_data: object) =>
    api.call('POST', '/v2/lbaas/flavorprofiles', {
      flavorprofile: { name: 'f', provider_name: 'acme', flavor_data: JSON.stringify(flavor_data) },
    });
  const { body } = await profile({ size: 'L' });
  const flavor = await api.call('POST', '/v2/lbaas/flavors', {
    flavor: { name: 'large', flavor_profile_id: body.flavorprofile.id },
  });
  driver.calls.length = 0;
  expect((await create({ provider: undefined, flavor_id: flavor.body.flavor.id })).status).toBe(201);
  expect(driver.calls[0]).toEqual(['validate_flavor', { size: 'L' }]);
  expect(driver.calls.at(-1)).toEqual(['loadbalancer_create', expect.objectContaining({ flavor: { size: 'L' } })]);
  driver.behaviour.validate_flavor = () => {
    throw new NotFound({ user_fault_string: 'no such size' });
  };
  const refused = await profile({ size: 'XXL' });
  expect([refused.status, refused.body.faultstring]).toEqual([500, "Provider 'acme' reports error: no such size"]);
  driver.behaviour.get_supported_flavor_metadata = () => ['size'];
  expect((await api.get('/v2/lbaas/providers/acme/flavor_capabilities')).body.faultstring).toBe(
    "Provider 'acme' reports error: The driver's answer makes no sense: metadata is a map of descriptions.",
  );
});
