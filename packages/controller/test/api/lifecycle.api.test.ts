import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, PROJECT, TestApi } from './support/api.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

describe('a load balancer from create to delete', () => {
  it('walks through every kind and every verb', async () => {
    const subnet = (await api.network.listSubnets())[0]!;
    const created = await api.call('POST', '/v2/lbaas/loadbalancers', {
      loadbalancer: { name: 'lb1', vip_subnet_id: subnet.id, project_id: PROJECT },
    });
    expect(created.status).toBe(201);
    const lb: Json = created.body.loadbalancer;
    expect(lb).toMatchObject({
      name: 'lb1',
      description: '',
      admin_state_up: true,
      project_id: PROJECT,
      tenant_id: PROJECT,
      provider: 'amphora',
      provisioning_status: 'PENDING_CREATE',
      operating_status: 'OFFLINE',
      vip_subnet_id: subnet.id,
      vip_network_id: subnet.networkId,
      vip_qos_policy_id: null,
      flavor_id: null,
      availability_zone: null,
      additional_vips: [],
      listeners: [],
      pools: [],
      tags: [],
      updated_at: null,
    });
    expect(lb.vip_address).toMatch(/^10\./);
    expect(lb.created_at).toMatch(TIME);
    expect((await api.network.getPort(lb.vip_port_id))?.name).toBe(`octavia-lb-${lb.id}`);
    expect(api.provider.changes.at(-1)).toMatchObject({ kind: 'create_load_balancer', resourceId: lb.id });
    await api.settle();

    const listener = await api.listener(lb.id, { name: 'l1' });
    expect(listener).toMatchObject({
      protocol: 'HTTP',
      protocol_port: 80,
      connection_limit: -1,
      default_pool_id: null,
      insert_headers: {},
      sni_container_refs: [],
      timeout_client_data: 50000,
      timeout_member_connect: 5000,
      timeout_member_data: 50000,
      timeout_tcp_inspect: 0,
      client_authentication: 'NONE',
      allowed_cidrs: null,
      tls_ciphers: null,
      tls_versions: null,
      alpn_protocols: null,
      l7policies: [],
      loadbalancers: [{ id: lb.id }],
      project_id: PROJECT,
    });

    const pool = await api.pool(lb.id, { loadbalancer_id: undefined, listener_id: listener.id, name: 'p1' });
    expect(pool).toMatchObject({ members: [], listeners: [{ id: listener.id }], loadbalancers: [{ id: lb.id }] });
    expect(pool).not.toHaveProperty('healthmonitor_id');
    expect((await api.get(`/v2/lbaas/listeners/${listener.id}`)).body.listener.default_pool_id).toBe(pool.id);

    const member = await api.member(pool.id, { address: '2001:DB8:0::1', weight: '5' });
    expect(member).toMatchObject({
      address: '2001:DB8:0::1',
      weight: 5,
      backup: false,
      monitor_address: null,
      monitor_port: null,
      subnet_id: null,
      operating_status: 'NO_MONITOR',
    });
    const monitor = await api.monitor(pool.id);
    expect(monitor).toMatchObject({
      type: 'HTTP',
      http_method: 'GET',
      url_path: '/',
      expected_codes: '200',
      max_retries_down: 3,
      http_version: null,
      domain_name: null,
      pools: [{ id: pool.id }],
    });
    expect((await api.member(pool.id, { address: '192.0.2.7' })).operating_status).toBe('OFFLINE');
    expect((await api.get(`/v2/lbaas/pools/${pool.id}`)).body.pool).toMatchObject({ healthmonitor_id: monitor.id });

    for (const [path, wrapper] of [
      [`loadbalancers/${lb.id}`, 'loadbalancer'],
      [`listeners/${listener.id}`, 'listener'],
      [`pools/${pool.id}`, 'pool'],
      [`pools/${pool.id}/members/${member.id}`, 'member'],
      [`healthmonitors/${monitor.id}`, 'healthmonitor'],
    ] as const) {
      const changed = await api.call('PUT', `/v2/lbaas/${path}`, { [wrapper]: { name: 'new', tags: ['a', 'b', 'a'] } });
      expect(changed.status, JSON.stringify(changed.body)).toBe(200);
      expect(changed.body[wrapper]).toMatchObject({
        name: 'new',
        tags: ['a', 'b'],
        provisioning_status: 'PENDING_UPDATE',
      });
      expect(changed.body[wrapper].updated_at).not.toBeNull();
      await api.settle();
      const shown = (await api.get(`/v2/lbaas/${path}`)).body[wrapper];
      expect(shown).toEqual({
        ...changed.body[wrapper],
        provisioning_status: 'ACTIVE',
        operating_status: shown.operating_status,
        updated_at: shown.updated_at,
      });
      expect(shown.updated_at).toMatch(TIME);
    }

    const { statuses } = (await api.get(`/v2/lbaas/loadbalancers/${lb.id}/status`)).body;
    expect(statuses.loadbalancer.listeners[0].pools[0]).toMatchObject({
      id: pool.id,
      health_monitor: { id: monitor.id, type: 'HTTP' },
      members: [{ id: member.id, address: '2001:DB8:0::1', protocol_port: 80 }, { address: '192.0.2.7' }],
    });
    expect((await api.get(`/v2/lbaas/loadbalancers/${lb.id}/statuses`)).body).toEqual({ statuses });
    for (const path of [`loadbalancers/${lb.id}`, `listeners/${listener.id}`]) {
      expect((await api.get(`/v2/lbaas/${path}/stats`)).body).toEqual({
        stats: { active_connections: 0, bytes_in: 0, bytes_out: 0, request_errors: 0, total_connections: 0 },
      });
    }

    const refused = await api.call('DELETE', `/v2/lbaas/loadbalancers/${lb.id}`);
    expect(refused.status).toBe(400);
    expect(refused.body.faultstring).toBe(`Validation failure: Cannot delete Load Balancer ${lb.id} - it has children`);
    for (const path of [
      `healthmonitors/${monitor.id}`,
      `pools/${pool.id}/members/${member.id}`,
      `listeners/${listener.id}`,
      `pools/${pool.id}`,
      `loadbalancers/${lb.id}`,
    ]) {
      expect((await api.call('DELETE', `/v2/lbaas/${path}`)).status).toBe(204);
      await api.settle();
      expect((await api.get(`/v2/lbaas/${path}`)).status).toBe(404);
    }
  });

  it('leaves measured statuses alone when a change is accepted', async () => {
    const pool = await api.pool((await api.loadBalancer()).id);
    const member = await api.member(pool.id);
    await api.setOperatingStatus('member', member.id, 'ONLINE');
    for (const [path, body] of [
      [`/v2/lbaas/pools/${pool.id}/members/${member.id}`, { member: { weight: 3 } }],
      [`/v2/lbaas/pools/${pool.id}/members`, { members: [{ address: '192.0.2.1', protocol_port: 80 }] }],
    ] as const) {
      expect((await api.call('PUT', path, body)).status).toBeLessThan(300);
      await api.settle();
      const shown = await api.get(`/v2/lbaas/pools/${pool.id}/members/${member.id}`);
      expect(shown.body.member.operating_status).toBe('ONLINE');
    }
  });

  it('cascades', async () => {
    const lb = await api.loadBalancer();
    const listener = await api.listener(lb.id);
    const answer = await api.call('DELETE', `/v2/lbaas/loadbalancers/${lb.id}?cascade=garbage`);
    expect(answer.status).toBe(400);
    expect((await api.call('DELETE', `/v2/lbaas/loadbalancers/${lb.id}?cascade=True`)).status).toBe(204);
    expect(api.provider.changes.at(-1)).toMatchObject({ kind: 'delete_load_balancer', input: { cascade: true } });
    expect(await api.status('listeners', listener.id)).toBe('ACTIVE');
    await api.settle();
    expect((await api.get(`/v2/lbaas/listeners/${listener.id}`)).status).toBe(404);
  });
});
