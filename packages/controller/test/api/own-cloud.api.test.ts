/** What clients ask of Neutron and Keystone, where our own networks are the only ones and nobody asks who they are. */
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networks } from '../../src/api/own-cloud/networks.ts';
import { projects } from '../../src/api/own-cloud/projects.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { type Json, MISSING_SUBNET, TestApi } from './support/api.ts';

const PUBLIC_NET = deterministicUuid('noop', 'public-net');
const PUBLIC_SUBNET = deterministicUuid('noop', 'public-subnet');
const ANY = '11111111-1111-4111-8111-111111111111';

let api: TestApi;
let loadBalancer: Json;

beforeAll(async () => {
  api = await TestApi.start({ api_settings: { auth_strategy: 'noauth' } });
  loadBalancer = await api.loadBalancer({ vip_subnet_id: PUBLIC_SUBNET });
});
afterAll(() => api.stop());

const names = (list: Json[]): string[] => list.map(({ name }) => name);

describe.each(['/v2.0', '/v2', '/load-balancer/v2.0'])('below %s', (base) => {
  test('networks and subnets are found by name and by id, and shown', async () => {
    const { networks: all } = (await api.get(`${base}/networks`)).body;
    expect(names(all)).toEqual(['lb-mgmt-net', 'private-net', 'public-net']);
    expect((await api.get(`${base}/networks?name=public-net&fields=id&fields=name`)).body).toEqual({
      networks: [{ id: PUBLIC_NET, name: 'public-net' }],
    });
    expect((await api.get(`${base}/networks/${PUBLIC_NET}`)).body.network).toMatchObject({
      id: PUBLIC_NET,
      name: 'public-net',
      subnets: [PUBLIC_SUBNET],
      shared: true,
    });
    expect((await api.get(`${base}/subnets?name=public-subnet`)).body.subnets).toMatchObject([
      { id: PUBLIC_SUBNET, network_id: PUBLIC_NET, cidr: '10.254.0.0/16', gateway_ip: '10.254.0.1', ip_version: 4 },
    ]);
    expect((await api.get(`${base}/subnets?id=${PUBLIC_SUBNET}&name=private-subnet`)).body.subnets).toEqual([]);
    expect((await api.get(`${base}/subnets/${PUBLIC_SUBNET}?fields=cidr`)).body.subnet).toEqual({
      cidr: '10.254.0.0/16',
    });
  });

  test('ports are those of load balancers', async () => {
    const { ports } = (await api.get(`${base}/ports?fixed_ips=ip_address=${loadBalancer.vip_address}`)).body;
    expect(ports).toMatchObject([{ id: loadBalancer.vip_port_id, network_id: PUBLIC_NET, project_id: 'project-1' }]);
    expect((await api.get(`${base}/ports/${loadBalancer.vip_port_id}`)).body.port.fixed_ips).toEqual([
      { subnet_id: PUBLIC_SUBNET, ip_address: loadBalancer.vip_address },
    ]);
  });
});

test('what the no-op network takes for existing is found by id', async () => {
  for (const [path, plural] of [
    ['networks', 'networks'],
    ['subnets', 'subnets'],
    ['qos/policies', 'policies'],
    ['security-groups', 'security_groups'],
  ]) {
    expect((await api.get(`/v2.0/${path}?id=${ANY}`)).body[plural ?? '']).toMatchObject([{ id: ANY }]);
  }
});

test.each([
  ['/v2.0/networks/no-id', 'NetworkNotFound', 'Network no-id could not be found.'],
  [`/v2.0/subnets/${MISSING_SUBNET}`, 'SubnetNotFound', `Subnet ${MISSING_SUBNET} could not be found.`],
  [`/v2.0/ports/${ANY}`, 'PortNotFound', `Port ${ANY} could not be found.`],
  ['/v2.0/qos/policies/gold', 'QosPolicyNotFound', 'QoS policy gold could not be found.'],
  ['/v2.0/security-groups/web', 'SecurityGroupNotFound', 'Security group web could not be found.'],
])('%s: 404 in the shape of Neutron', async (path, type, message) => {
  const { status, body } = await api.get(path);
  expect({ status, body }).toEqual({ status: 404, body: { NeutronError: { type, message, detail: '' } } });
});

test('a query that means nothing: 400 in the shape of Neutron; paging and order as Neutron has them', async () => {
  for (const query of ['colour=red', 'sort_key=colour', 'limit=-1', 'limit=x', `marker=${ANY}`]) {
    const { status, body } = await api.get(`/v2.0/networks?${query}`);
    expect([query, status, body.NeutronError?.type]).toEqual([query, 400, 'HTTPBadRequest']);
  }
  const sorted = (await api.get('/v2.0/networks?sort_key=name&sort_dir=desc&limit=2')).body.networks;
  expect(names(sorted)).toEqual(['public-net', 'private-net']);
  const next = `/v2.0/networks?sort_key=name&sort_dir=desc&limit=2&marker=${sorted[1].id}`;
  expect(names((await api.get(next)).body.networks)).toEqual(['lb-mgmt-net']);
  expect(names((await api.get('/v2.0/networks?shared=False')).body.networks)).toEqual(['lb-mgmt-net']);
});

test('every project that a client names exists; those with load balancers are listed', async () => {
  expect((await api.get('/projects/demo')).body.project).toMatchObject({ id: 'demo', name: 'demo', enabled: true });
  expect((await api.get('/projects?name=demo')).body.projects).toMatchObject([{ id: 'demo' }]);
  expect((await api.get('/v3/projects')).body.projects).toMatchObject([{ id: 'project-1' }]);
});

test('they are read only, and no paths of the load balancer service', async () => {
  const refused = await api.call('POST', '/v2.0/networks', { network: {} });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await api.get('/v2.0/lbaas/networks')).status).toBe(404);
});

test('with authentication a tenant sees what it may name, and projects are the business of Keystone', async () => {
  const server = Fastify();
  server.addHook(
    'onRequest',
    async (request) => void Object.assign(request, { caller: { isAdmin: false, projectId: 'project-1' } }),
  );
  networks(server, { network: api.network });
  projects(server, { identity: { trustsEverybody: false }, store: api.database.store });
  const read = async (url: string) => (await server.inject({ url })).json();
  expect(names((await read('/v2/networks')).networks)).toEqual(['private-net', 'public-net']);
  expect((await read('/v2/subnets?name=lb-mgmt-subnet')).subnets).toEqual([]);
  expect((await read('/v2/ports')).ports).toMatchObject([{ id: loadBalancer.vip_port_id }]);
  const management = deterministicUuid('noop', 'lb-mgmt-net');
  expect(await read(`/v2/networks/${management}`)).toMatchObject({ NeutronError: { type: 'NetworkNotFound' } });
  expect((await server.inject({ url: '/projects/demo' })).statusCode).toBe(404);
  await server.close();
});
