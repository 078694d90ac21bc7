/** What API 2.27 to 2.30 added: HSTS, vNIC types, security groups of the VIP, SR-IOV members. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sql } from '../../src/store/core/sql.ts';
import { type Json, PROJECT, TestApi } from './support/api.ts';

let api: TestApi;
const folder = mkdtempSync(join(tmpdir(), 'octavia-later-'));

beforeAll(async () => {
  api = await TestApi.start();
});
afterEach(() => api.settle());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

const LB = '/v2/lbaas/loadbalancers';
const fault = ({ status, body }: { status: number; body: Json }) => `${status} ${body.faultstring}`;

/** A flavor with this data; the provider of these tests has no capabilities, hence straight into the table. */
async function flavor(data: object): Promise<string> {
  const [id, profile] = [randomUUID(), randomUUID()];
  const { db } = api.database.store;
  await sql`insert into flavor_profile (id, name, provider_name, flavor_data)
    values (${profile}, 'p', 'amphora', ${JSON.stringify(data)})`.execute(db);
  await sql`insert into flavor (id, name, flavor_profile_id) values (${id}, ${id}, ${profile})`.execute(db);
  return id;
}

function create(attributes: object) {
  const loadbalancer = { vip_subnet_id: randomUUID(), project_id: PROJECT, ...attributes };
  return api.call('POST', LB, { loadbalancer });
}

/** A flavor whose provider accepts anything. */
async function withFlavor(data: object): Promise<Json> {
  return api.loadBalancer({ flavor_id: await flavor(data) });
}

describe('version discovery', () => {
  it('ends with 2.30', async () => {
    const { body } = await api.get('/');
    expect(body.versions).toHaveLength(31);
    expect(body.versions.at(-1)).toMatchObject({ id: 'v2.30', status: 'CURRENT', updated: '2025-02-26T00:00:00Z' });
    expect(body.versions.filter(({ status }: Json) => status === 'CURRENT')).toHaveLength(1);
  });
});

describe('vip_sg_ids', () => {
  it('are stored, shown, carried by the port, changed, and cleared by null', async () => {
    const groups = [randomUUID(), randomUUID()];
    const { id, vip_sg_ids, vip_port_id } = await api.loadBalancer({
      vip_sg_ids: [...groups, groups[0]!.toUpperCase()],
    });
    expect(vip_sg_ids).toEqual(groups);
    expect((await api.network.getPort(vip_port_id))?.securityGroupIds).toEqual(groups);
    expect((await api.get(`${LB}/${id}`)).body.loadbalancer.vip_sg_ids).toEqual(groups);
    const listed = await api.get(`${LB}?id=${id}&fields=vip_sg_ids`);
    expect(listed.body.loadbalancers).toEqual([{ vip_sg_ids: groups }]);
    const changed = await api.call('PUT', `${LB}/${id}`, { loadbalancer: { vip_sg_ids: [groups[1]] } });
    expect(changed.body.loadbalancer).toMatchObject({ vip_sg_ids: [groups[1]], provisioning_status: 'PENDING_UPDATE' });
    await api.settle();
    const cleared = await api.call('PUT', `${LB}/${id}`, { loadbalancer: { vip_sg_ids: null } });
    expect(cleared.body.loadbalancer.vip_sg_ids).toEqual([]);
  });

  it('are no filter', async () => {
    expect((await api.get(`${LB}?vip_sg_ids=${randomUUID()}`)).status).toBe(400);
  });

  it('have to exist', async () => {
    const id = randomUUID();
    const exists = api.network.securityGroupExists;
    api.network.securityGroupExists = async () => false;
    try {
      const before = await api.snapshot();
      expect(fault(await create({ vip_sg_ids: [id] }))).toBe(`400 Security Group ${id} not found.`);
      expect(await api.snapshot()).toBe(before);
    } finally {
      api.network.securityGroupExists = exists;
    }
    expect(fault(await create({ vip_sg_ids: ['x'] }))).toMatch(/^400 .*UUID format/);
  });

  it('exclude allowed_cidrs, whichever comes first, also in one call', async () => {
    const text = '400 Validation failure: allowed_cidrs cannot be used together with vip_sg_ids of the load balancer.';
    const cidrs = { allowed_cidrs: ['10.0.0.0/8'] };
    const guarded = await api.loadBalancer({ vip_sg_ids: [randomUUID()] });
    const listener = { loadbalancer_id: guarded.id, protocol: 'HTTP', protocol_port: 80 };
    expect(fault(await api.call('POST', '/v2/lbaas/listeners', { listener: { ...listener, ...cidrs } }))).toBe(text);
    const { id } = await api.listener(guarded.id);
    expect(fault(await api.call('PUT', `/v2/lbaas/listeners/${id}`, { listener: cidrs }))).toBe(text);
    const open = await api.loadBalancer();
    await api.listener(open.id, cidrs);
    const change = { loadbalancer: { vip_sg_ids: [randomUUID()] } };
    expect(fault(await api.call('PUT', `${LB}/${open.id}`, change))).toBe(text);
    const tree = { vip_sg_ids: [randomUUID()], listeners: [{ protocol: 'HTTP', protocol_port: 80, ...cidrs }] };
    expect(fault(await create(tree))).toBe(text);
  });

  it('need a rule of their own', async () => {
    const file = join(folder, 'policy.yaml');
    const rules = ['post', 'put'].map((verb) => `"os_load-balancer_api:loadbalancer:${verb}:vip_sg_ids": "!"`);
    writeFileSync(file, `${rules.join('\n')}\n`);
    const strict = await api.sibling({ oslo_policy: { policy_file: file } });
    const body = { loadbalancer: { vip_subnet_id: randomUUID(), project_id: PROJECT, vip_sg_ids: [randomUUID()] } };
    expect((await strict.call('POST', LB, body)).status).toBe(403);
    const { id } = await strict.loadBalancer();
    expect((await strict.call('PUT', `${LB}/${id}`, { loadbalancer: { vip_sg_ids: [] } })).status).toBe(403);
    expect((await strict.call('PUT', `${LB}/${id}`, { loadbalancer: { name: 'x' } })).status).toBe(200);
  });
});

describe('vip_vnic_type', () => {
  it('is normal, and a filter', async () => {
    const { id, vip_vnic_type } = await api.loadBalancer();
    expect(vip_vnic_type).toBe('normal');
    const { body } = await api.get(`${LB}?vip_vnic_type=normal&id=${id}`);
    expect(body.loadbalancers).toHaveLength(1);
    expect((await api.get(`${LB}?vip_vnic_type=direct&id=${id}`)).body.loadbalancers).toEqual([]);
  });

  it('is direct where the flavor says sriov_vip, and then takes no vip_sg_ids', async () => {
    const { id, flavor_id, vip_vnic_type } = await withFlavor({ sriov_vip: true });
    expect(vip_vnic_type).toBe('direct');
    expect((await api.get(`${LB}/${id}`)).body.loadbalancer.vip_vnic_type).toBe('direct');
    const text = '400 Validation failure: vip_sg_ids cannot be used with a VIP of vNIC type direct.';
    expect(fault(await create({ flavor_id, vip_sg_ids: [randomUUID()] }))).toBe(text);
    const change = { loadbalancer: { vip_sg_ids: [randomUUID()] } };
    expect(fault(await api.call('PUT', `${LB}/${id}`, change))).toBe(text);
  });

  it('cannot be given', async () => {
    expect((await create({ vip_vnic_type: 'direct' })).body.faultstring).toMatch(/^Unknown attribute .*vip_vnic_type$/);
  });
});

describe('request_sriov of members', () => {
  const member = { address: '192.0.2.7', protocol_port: 80, request_sriov: true };
  const refusal = '400 Validation failure: The flavor of the load balancer does not allow SR-IOV ports to members.';

  it('is refused without a flavor that allows it: alone, in a batch, in a tree', async () => {
    const { id } = await api.pool((await api.loadBalancer()).id);
    const path = `/v2/lbaas/pools/${id}/members`;
    expect(fault(await api.call('POST', path, { member }))).toBe(refusal);
    expect(fault(await api.call('PUT', path, { members: [member] }))).toBe(refusal);
    await api.member(id, { ...member, request_sriov: false });
    expect(fault(await api.call('PUT', path, { members: [member] }))).toBe(refusal);
    const pools = [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [member] }];
    expect(fault(await create({ pools }))).toBe(refusal);
  });

  it('gives the member a direct port where the flavor allows it', async () => {
    const { id: loadBalancer, flavor_id } = await withFlavor({ allow_member_sriov: true });
    const { id } = await api.pool(loadBalancer);
    const made = await api.member(id, member);
    expect(made).toMatchObject({ vnic_type: 'direct' });
    expect(made).not.toHaveProperty('request_sriov');
    const path = `/v2/lbaas/pools/${id}/members`;
    const others = [member, { ...member, protocol_port: 81 }, { ...member, protocol_port: 82, request_sriov: false }];
    expect((await api.call('PUT', path, { members: others })).status).toBe(202);
    await api.settle();
    const { body } = await api.get(`${path}?sort=protocol_port&fields=vnic_type`);
    expect(body.members.map(({ vnic_type }: Json) => vnic_type)).toEqual(['direct', 'direct', 'normal']);
    // What a batch says of a member that is there is taken, what it leaves out stays.
    const again = [
      { ...member, request_sriov: undefined },
      { ...others[1], request_sriov: false },
      { ...others[2], request_sriov: true },
    ];
    expect((await api.call('PUT', path, { members: again })).status).toBe(202);
    await api.settle();
    const changed = await api.get(`${path}?sort=protocol_port&fields=vnic_type`);
    expect(changed.body.members.map(({ vnic_type }: Json) => vnic_type)).toEqual(['direct', 'normal', 'direct']);
    const pools = [{ name: 'p', protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', members: [member] }];
    const tree = await create({ flavor_id, pools });
    expect(tree.body.loadbalancer.pools[0].members[0].vnic_type).toBe('direct');
    const update = await api.call('PUT', `${path}/${made.id}`, { member: { request_sriov: false } });
    expect(update.body.faultstring).toMatch(/^Unknown attribute/);
  });
});

describe('HSTS of listeners', () => {
  const alone =
    '400 Validation failure: hsts_include_subdomains and hsts_preload have a meaning only together with hsts_max_age.';

  it('is off, and only for TERMINATED_HTTPS', async () => {
    const { id } = await api.loadBalancer();
    const listener = await api.listener(id);
    expect(listener).toMatchObject({ hsts_max_age: null, hsts_include_subdomains: false, hsts_preload: false });
    const path = `/v2/lbaas/listeners/${listener.id}`;
    const refused = await api.call('PUT', path, { listener: { hsts_max_age: 60 } });
    expect(fault(refused)).toMatch(/^400 Validation failure: HSTS is only available on TERMINATED_HTTPS/);
    expect(fault(await api.call('PUT', path, { listener: { hsts_preload: true } }))).toBe(alone);
    const nulls = { hsts_max_age: null, hsts_include_subdomains: null, hsts_preload: null };
    expect((await api.call('PUT', path, { listener: nulls })).status).toBe(200);
    await api.settle();
    const found = await api.get(`/v2/lbaas/listeners?hsts_preload=false&id=${listener.id}`);
    expect(found.body.listeners).toHaveLength(1);
  });

  it('options need hsts_max_age, which is not negative', async () => {
    const { id } = await api.loadBalancer();
    const post = (attributes: object) => {
      const listener = {
        loadbalancer_id: id,
        protocol: 'TERMINATED_HTTPS',
        protocol_port: 443,
        sni_container_refs: ['x'],
      };
      return api.call('POST', '/v2/lbaas/listeners', { listener: { ...listener, ...attributes } });
    };
    expect(fault(await post({ hsts_include_subdomains: true }))).toBe(alone);
    expect(fault(await post({ hsts_preload: 'yes' }))).toBe(alone);
    expect(fault(await post({ hsts_max_age: -1 }))).toMatch(/hsts_max_age.*greater or equal to 0/);
    // Past the rules of HSTS: the certificate is what is wrong now.
    expect(fault(await post({ hsts_max_age: 0, hsts_preload: true }))).toMatch(/^400 Could not retrieve certificate/);
  });
});

describe('QoS policies of VIPs', () => {
  it('FM-LB-12 are set, shown, changed and cleared; the port of the VIP carries none', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const { id, vip_qos_policy_id, vip_port_id } = await api.loadBalancer({ vip_qos_policy_id: first });
    expect(vip_qos_policy_id).toBe(first);
    expect((await api.network.getPort(vip_port_id))?.qosPolicyId).toBeNull();
    expect((await api.get(`${LB}?vip_qos_policy_id=${first}`)).body.loadbalancers).toHaveLength(1);
    for (const policy of [second, null]) {
      const { body } = await api.call('PUT', `${LB}/${id}`, { loadbalancer: { vip_qos_policy_id: policy } });
      expect(body.loadbalancer.vip_qos_policy_id).toBe(policy);
      await api.settle();
      expect((await api.get(`${LB}/${id}`)).body.loadbalancer.vip_qos_policy_id).toBe(policy);
    }
  });

  it('are adopted from a port the user brings, unless another is given', async () => {
    const [own, given] = [randomUUID(), randomUUID()];
    const subnetId = randomUUID();
    const port = (name: string) => {
      const { networkId } = {
        networkId: subnetId.slice(0, -1) + (Number.parseInt(subnetId.slice(-1), 16) ^ 1).toString(16),
      };
      const fixedIps = [{ subnetId }];
      return api.network.createPort({ name, networkId, fixedIps, deviceId: '', deviceOwner: '', qosPolicyId: own });
    };
    const adopted = await api.loadBalancer({ vip_subnet_id: undefined, vip_port_id: (await port('one')).id });
    expect(adopted.vip_qos_policy_id).toBe(own);
    const two = (await port('two')).id;
    const overridden = await api.loadBalancer({ vip_subnet_id: undefined, vip_port_id: two, vip_qos_policy_id: given });
    expect(overridden.vip_qos_policy_id).toBe(given);
  });

  it('have to exist, in a deployment that has them', async () => {
    const { id } = await api.loadBalancer();
    const policy = randomUUID();
    const exists = api.network.qosPolicyExists;
    const put = (value: string | null) =>
      api.call('PUT', `${LB}/${id}`, { loadbalancer: { vip_qos_policy_id: value } });
    try {
      api.network.qosPolicyExists = async () => false;
      expect(fault(await put(policy))).toBe(`400 qos_policy ${policy} not found.`);
      expect(fault(await create({ vip_qos_policy_id: policy }))).toBe(`400 qos_policy ${policy} not found.`);
      api.network.qosPolicyExists = (async () => null) as never;
      const disallowed = '400 Validation failure: VIP QoS policy is not allowed in this deployment.';
      expect(fault(await create({ vip_qos_policy_id: policy }))).toBe(disallowed);
      expect(fault(await put(null))).toBe(disallowed);
    } finally {
      api.network.qosPolicyExists = exists;
    }
  });
});

describe('a VIP on a network', () => {
  it('goes to the first subnet with room for it and its amphorae', async () => {
    const vip_network_id = randomUUID();
    const count = api.network.countFreeAddresses;
    const seen: number[] = [];
    try {
      api.network.countFreeAddresses = async () => seen.push(1);
      const text = '400 Validation failure: Subnet(s) in the supplied network do not contain enough available IPs.';
      expect(fault(await create({ vip_subnet_id: undefined, vip_network_id }))).toBe(text);
      // Two are enough for one amphora.
      expect((await create({ vip_subnet_id: undefined, vip_network_id })).status).toBe(201);
    } finally {
      api.network.countFreeAddresses = count;
    }
    expect((await create({ vip_subnet_id: undefined, vip_network_id })).status).toBe(201);
  });
});
