/** What users may name of the network service: shared networks and their own project's, not others' and not the service's. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { upsertNetworks } from '../../src/store/resources/local-network.ts';
import { FakeKeystone } from '../identity/fake-keystone.ts';
import { type Answer, PROJECT, TestApi } from './support/api.ts';

const OTHER = 'project-2';

interface Place {
  network: string;
  subnet: string;
}

const place = (): Place => ({ network: randomUUID(), subnet: randomUUID() });
const own = place();
const foreign = place();
const management: Place = {
  network: deterministicUuid('noop', 'lb-mgmt-net'),
  subnet: deterministicUuid('noop', 'lb-mgmt-subnet'),
};
const open: Place = {
  network: deterministicUuid('noop', 'private-net'),
  subnet: deterministicUuid('noop', 'private-subnet'),
};

let api: TestApi;
let secured: TestApi;
let keystone: FakeKeystone;
const tokens = { member: '', admin: '' };

beforeAll(async () => {
  keystone = await FakeKeystone.start();
  api = await TestApi.start();
  secured = await api.sibling({ api_settings: { auth_strategy: 'keystone' }, keystone_authtoken: keystone.settings });
  tokens.member = keystone.issue({ roles: ['load-balancer_member', 'member'], project: PROJECT });
  tokens.admin = keystone.issue({ roles: ['load-balancer_admin'], project: PROJECT });
  const networks = [
    { id: own.network, name: 'own', bridge: '', mtu: 1500, reservedFor: PROJECT },
    { id: foreign.network, name: 'foreign', bridge: '', mtu: 1500, reservedFor: OTHER },
  ];
  const subnets = [own, foreign].map(({ network, subnet }, index) => ({
    id: subnet,
    networkId: network,
    name: '',
    cidr: `192.168.${index}.0/24`,
    gatewayIp: `192.168.${index}.1`,
    ipVersion: 4 as const,
    hostRoutes: [],
  }));
  await upsertNetworks(api.database.store.db, networks, subnets);
});
afterAll(async () => {
  await api.stop();
  await keystone.stop();
});

const call = (who: keyof typeof tokens, method: string, path: string, body: object): Promise<Answer> =>
  secured.call(method, `/v2/lbaas/${path}`, body, { 'x-auth-token': tokens[who] });

const create = (who: keyof typeof tokens, vip: object, more: object = {}): Promise<Answer> =>
  call(who, 'POST', 'loadbalancers', { loadbalancer: { project_id: PROJECT, ...vip, ...more } });

const refusal = (answer: Answer) => [answer.status, answer.body.faultstring];

describe.each([
  ["another project's", foreign],
  ["the service's own", management],
])('%s network', (_whose, { network, subnet }) => {
  it('is not there for a VIP', async () => {
    expect(refusal(await create('member', { vip_network_id: network }))).toEqual([
      400,
      `Network ${network} not found.`,
    ]);
    expect(refusal(await create('member', { vip_subnet_id: subnet }))).toEqual([400, `Subnet ${subnet} not found.`]);
    const additional_vips = [{ subnet_id: subnet }];
    const beside = await create('member', { vip_subnet_id: open.subnet, additional_vips });
    expect(refusal(beside)).toEqual([400, `Subnet ${subnet} not found.`]);
  });

  it('is not there for members: alone, in a batch, in a tree', async () => {
    const member = { address: '192.168.1.20', protocol_port: 80, subnet_id: subnet };
    const lb = await api.loadBalancer();
    const pool = await api.pool(lb.id);
    const path = `pools/${pool.id}/members`;
    const pools = [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [member] }];
    for (const answer of [
      await call('member', 'POST', path, { member }),
      await call('member', 'PUT', path, { members: [member] }),
      await create('member', { vip_subnet_id: open.subnet }, { pools }),
    ]) {
      expect(refusal(answer)).toEqual([400, `Subnet ${subnet} not found.`]);
    }
    expect((await call('admin', 'POST', path, { member })).status).toBe(201);
  });

  it('is there for administrators', async () => {
    expect((await create('admin', { vip_network_id: network })).status).toBe(201);
    expect((await create('admin', { vip_subnet_id: subnet })).status).toBe(201);
  });
});

it('networks that are shared or of the own project are there for users', async () => {
  for (const { network, subnet } of [open, own]) {
    expect((await create('member', { vip_network_id: network })).status).toBe(201);
    expect((await create('member', { vip_subnet_id: subnet })).status).toBe(201);
  }
});

describe('a port', () => {
  const port = (projectId: string | null) =>
    api.network.createPort({
      name: randomUUID(),
      networkId: open.network,
      fixedIps: [{ subnetId: open.subnet }],
      deviceId: '',
      deviceOwner: '',
      projectId,
    });

  it('of the own project takes a VIP', async () => {
    const { id, fixedIps } = await port(PROJECT);
    const answer = await create('member', { vip_port_id: id });
    expect([answer.status, answer.body.loadbalancer?.vip_address]).toEqual([201, fixedIps[0]?.ipAddress]);
  });

  it.each([OTHER, null])('of %s is not there, whatever uses it', async (projectId) => {
    const { id } = await port(projectId);
    expect(refusal(await create('member', { vip_port_id: id }))).toEqual([400, `Port ${id} not found.`]);
    expect((await create('admin', { vip_port_id: id })).status).toBe(201);
  });

  it('of a VIP belongs to the project of its load balancer', async () => {
    const { vip_port_id } = await api.loadBalancer({ project_id: OTHER, vip_subnet_id: open.subnet });
    const mine = await api.loadBalancer({ vip_subnet_id: open.subnet });
    expect(refusal(await create('member', { vip_port_id }))).toEqual([400, `Port ${vip_port_id} not found.`]);
    expect(refusal(await create('member', { vip_port_id: mine.vip_port_id }))).toEqual([
      400,
      `Validation failure: Port ${mine.vip_port_id} is already used by device lb-${mine.id} `,
    ]);
  });
});
