/**
 * OVN's provider driver of Debian, unchanged, behind the bridge: real Keystone and Neutron, a real northbound database, our API and our
 * driver agent. The networks are the cloud's; what ML2/OVN would write of them into the database stands there, whatever the cloud uses.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fields, text } from '../../../packages/controller/src/clouds/openstack/answer.ts';
import { Neutron } from '../../../packages/controller/src/clouds/openstack/neutron.ts';
import { noopCloud, ServiceProcess } from '../../../packages/controller/test/processes/processes.ts';
import { openTestStore, type TestStore } from '../../../packages/controller/test/support/store.ts';
import { freePort } from '../../kit/free-port.ts';
import { openCloud } from './cloud.ts';
import { installOvn, type OvnDatabase, startOvnDatabase } from './ovn-database.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are probed freely in tests
type Json = any;

const folder = mkdtempSync(join(tmpdir(), 'octavia-ovn-'));
const cloud = openCloud();
const neutron = new Neutron(cloud.session);
const project_id = randomUUID().replaceAll('-', '');
let network: string;
let subnet: string;
let ovn: OvnDatabase;
let database: TestStore;
let api: ServiceProcess;
let agent: ServiceProcess;
let url: string;

const post = (path: string, name: string, attributes: object): Promise<string> => {
  const read = (body: unknown) => text(fields(fields(body, 'the answer')[name], name), 'id');
  return neutron.ask({ method: 'POST', path, body: { [name]: { project_id, ...attributes } }, read });
};

const environment = (name: string): string => process.env[`OS_${name}`] ?? '';

beforeAll(async () => {
  installOvn();
  network = await post('/networks', 'network', { name: `ovn-${project_id}` });
  subnet = await post('/subnets', 'subnet', {
    ...{ network_id: network, cidr: '10.78.0.0/24', ip_version: 4, enable_dhcp: false },
  });
  // Health checks of OVN are sent from the port that ML2/OVN makes in each network.
  await post('/ports', 'port', {
    ...{ network_id: network, device_owner: 'network:distributed', device_id: `ovnmeta-${network}` },
  });
  ovn = await startOvnDatabase(folder);
  ovn.addNetwork(network);
  database = await openTestStore();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/v2/lbaas`;
  const socket = (name: string) => `${name}_socket_path = ${join(folder, 'run', `${name}.sock`)}`;
  const configFile = join(folder, 'octavia.conf');
  writeFileSync(
    configFile,
    `[api_settings]
bind_port = ${port}
enabled_provider_drivers = amphora: Amphorae., ovn: The OVN driver.
[controller_worker]
network_driver = allowed_address_pairs_driver
[driver_agent]
${['status', 'stats', 'get'].map(socket).join('\n')}
[ovn]
ovn_nb_connection = ${ovn.connection}
[service_auth]
auth_type = password
auth_url = ${environment('AUTH_URL')}
username = ${environment('USERNAME')}
password = ${environment('PASSWORD')}
project_name = ${environment('PROJECT_NAME')}
user_domain_name = ${environment('USER_DOMAIN_NAME') || 'Default'}
project_domain_name = ${environment('PROJECT_DOMAIN_NAME') || 'Default'}
region_name = ${environment('REGION_NAME')}
`,
  );
  const { OS_CONTROLLER_WORKER__NETWORK_DRIVER: _, ...rest } = noopCloud(database.url);
  const service = (role: 'api' | 'driver-agent') => new ServiceProcess(role, rest, ['--config-file', configFile]);
  // The driver waits for the sockets of the agent.
  [api, agent] = [service('api'), service('driver-agent')];
  for (const one of [agent, api]) one.start();
  await api.said('API listens on', 120_000);
  await api.said('Provider ovn is served by', 200_000);
});
afterAll(async () => {
  for (const one of [api, agent]) await one?.end('SIGTERM');
  await database?.close();
  await ovn?.close();
  // Ports of the network go with it where nobody else has made them.
  const ports = (await neutron.ask({
    ...{ method: 'GET', path: `/ports?network_id=${network}`, read: (body: unknown) => body },
  })) as { ports: { id: string }[] };
  const gone = (path: string) => neutron.ask({ method: 'DELETE', path, read: () => undefined });
  for (const { id } of ports.ports) await gone(`/ports/${id}`);
  await gone(`/networks/${network}`);
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: Json }> {
  const answer = await fetch(`${url}/${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  });
  const content = await answer.text();
  return { status: answer.status, body: content === '' ? null : JSON.parse(content) };
}

let balancer: Json;
/** Everything of the load balancer is at rest; what came of it. */
const settled = async (): Promise<Json> => {
  await expect
    .poll(async () => (await ask('GET', `loadbalancers/${balancer.id}`)).body.loadbalancer?.provisioning_status)
    .toBe('ACTIVE');
  return (await ask('GET', `loadbalancers/${balancer.id}/status`)).body.statuses.loadbalancer;
};
const make = async (kind: string, wrapper: string, attributes: object): Promise<Json> => {
  const { status, body } = await ask('POST', kind, { [wrapper]: attributes });
  expect([status, body.faultstring]).toEqual([201, undefined]);
  return body[wrapper];
};
const change = async (method: 'PUT' | 'DELETE', path: string, body?: object) => {
  const answer = await ask(method, path, body);
  expect([answer.status, answer.body?.faultstring]).toEqual([method === 'PUT' ? 200 : 204, undefined]);
};

it('the load balancer is made with a port by the driver', async () => {
  balancer = await make('loadbalancers', 'loadbalancer', {
    ...{ provider: 'ovn', vip_subnet_id: subnet, project_id, name: 'web' },
  });
  expect(balancer).toMatchObject({ provider: 'ovn', vip_network_id: network, provisioning_status: 'PENDING_CREATE' });
  expect(await settled()).toMatchObject({ provisioning_status: 'ACTIVE', operating_status: 'ONLINE' });
  expect(ovn.loadBalancers(balancer.id)).toEqual([
    expect.objectContaining({
      vips: {},
      external_ids: expect.objectContaining({
        'neutron:vip': balancer.vip_address,
        'neutron:vip_port_id': balancer.vip_port_id,
      }),
    }),
  ]);
});

let listener: Json;
let pool: Json;
let member: Json;
it('listener, pool and member become a row of the database', async () => {
  const protocol = 'TCP';
  listener = await make('listeners', 'listener', { loadbalancer_id: balancer.id, protocol, protocol_port: 80 });
  await settled();
  pool = await make('pools', 'pool', { listener_id: listener.id, protocol, lb_algorithm: 'SOURCE_IP_PORT' });
  await settled();
  member = await make(`pools/${pool.id}/members`, 'member', {
    ...{ address: '10.78.0.20', protocol_port: 8080, subnet_id: subnet },
  });
  const active = { provisioning_status: 'ACTIVE' };
  expect(await settled()).toMatchObject({
    ...active,
    listeners: [{ ...active, id: listener.id, pools: [{ ...active, id: pool.id, members: [active] }] }],
  });
  expect(ovn.loadBalancers(balancer.id)).toEqual([
    expect.objectContaining({ protocol: 'tcp', vips: { [`${balancer.vip_address}:80`]: '10.78.0.20:8080' } }),
  ]);
});

it('a health monitor becomes a health check', async () => {
  const monitor = await make('healthmonitors', 'healthmonitor', {
    ...{ pool_id: pool.id, type: 'TCP', delay: 5, timeout: 3, max_retries: 2 },
  });
  await settled();
  expect(ovn.loadBalancers(balancer.id)[0]?.health_check).toHaveLength(1);
  await change('DELETE', `healthmonitors/${monitor.id}`);
  await settled();
  expect(ovn.loadBalancers(balancer.id)[0]?.health_check).toEqual([]);
});

it('updates arrive', async () => {
  await change('PUT', `pools/${pool.id}/members/${member.id}`, { member: { name: 'renamed' } });
  await settled();
  await change('PUT', `listeners/${listener.id}`, { listener: { admin_state_up: false } });
  await settled();
  expect(ovn.loadBalancers(balancer.id)[0]?.vips).toEqual({});
  await change('PUT', `listeners/${listener.id}`, { listener: { admin_state_up: true } });
  await settled();
  expect(ovn.loadBalancers(balancer.id)[0]?.vips).toEqual({ [`${balancer.vip_address}:80`]: '10.78.0.20:8080' });
});

it.each<[string, string, () => object, string]>([
  [
    'an HTTP listener',
    'listeners',
    () => ({ listener: { loadbalancer_id: balancer.id, protocol: 'HTTP', protocol_port: 81 } }),
    "Provider 'ovn' does not support a requested option: OVN provider does not support HTTP protocol",
  ],
  [
    'round robin',
    'pools',
    () => ({ pool: { loadbalancer_id: balancer.id, protocol: 'TCP', lb_algorithm: 'ROUND_ROBIN' } }),
    "Provider 'ovn' does not support a requested option: OVN provider does not support ROUND_ROBIN algorithm",
  ],
  [
    'a layer 7 policy',
    'l7policies',
    () => ({ l7policy: { listener_id: listener.id, action: 'REJECT' } }),
    "Provider 'ovn' does not support a requested action: This provider does not support creating l7policies.",
  ],
])('what OVN cannot do is refused in its own words: %s', async (_name, path, body, words) => {
  const { status, body: answer } = await ask('POST', path, body());
  expect([status, answer.faultstring]).toEqual([501, words]);
  await settled();
});

it('everything goes, with the port', async () => {
  await change('DELETE', `pools/${pool.id}/members/${member.id}`);
  await settled();
  expect(ovn.loadBalancers(balancer.id)[0]?.vips).toEqual({});
  await change('DELETE', `loadbalancers/${balancer.id}?cascade=true`);
  await expect
    .poll(async () => {
      const { status, body } = await ask('GET', `loadbalancers/${balancer.id}`);
      return status === 404 ? 'DELETED' : body.loadbalancer.provisioning_status;
    })
    .toBe('DELETED');
  expect(ovn.loadBalancers(balancer.id)).toEqual([]);
  const port = `/ports?id=${balancer.vip_port_id}`;
  expect(await neutron.ask({ method: 'GET', path: port, read: (body: unknown) => body })).toEqual({ ports: [] });
});
