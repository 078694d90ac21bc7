import { randomUUID } from 'node:crypto';
import { SILENT_LOG } from '@octavia/protocol/log';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { NoopSettler } from '../../src/providers/noop/settler.ts';
import { CatalogApi, type Json, NOOP_PROVIDERS } from '../catalog/support/catalog-api.ts';

let api: CatalogApi;

beforeAll(async () => {
  api = await CatalogApi.start();
});
afterAll(() => api.stop());

const show = async (path: string): Promise<Json> => Object.values((await api.get(`/v2/lbaas/${path}`)).body)[0];
/** Nobody measures anything: what is in force has the status it had from its beginning. */
const ACTIVE = { provisioning_status: 'ACTIVE', operating_status: 'OFFLINE', status_reason: null };

describe.each(NOOP_PROVIDERS)('%s', (provider) => {
  it('carries every change to its end', async () => {
    const made = await api.loadBalancer({ provider });
    expect(made).toMatchObject({ provisioning_status: 'PENDING_CREATE', vip_address: '198.0.2.5', provider });
    const balancer = `loadbalancers/${made.id}`;
    expect(await show(balancer)).toMatchObject(ACTIVE);
    const listener = await api.make('listeners', 'listener', {
      loadbalancer_id: made.id,
      protocol: 'HTTP',
      protocol_port: 80,
    });
    const pool = await api.make('pools', 'pool', {
      listener_id: listener.id,
      protocol: 'HTTP',
      lb_algorithm: 'ROUND_ROBIN',
    });
    const member = await api.make(`pools/${pool.id}/members`, 'member', { address: '192.0.2.1', protocol_port: 80 });
    const path = `pools/${pool.id}/members/${member.id}`;
    expect(await show(path)).toMatchObject({ ...ACTIVE, operating_status: 'NO_MONITOR' });
    const monitor = await api.make('healthmonitors', 'healthmonitor', {
      pool_id: pool.id,
      type: 'HTTP',
      delay: 5,
      timeout: 5,
      max_retries: 3,
    });
    const policy = await api.make('l7policies', 'l7policy', { listener_id: listener.id, action: 'REJECT' });
    const rule = await api.make(`l7policies/${policy.id}/rules`, 'rule', {
      ...{ type: 'PATH', compare_type: 'STARTS_WITH', value: '/' },
    });
    const watched = await api.make(`pools/${pool.id}/members`, 'member', { address: '192.0.2.2', protocol_port: 80 });
    const measured = [
      `listeners/${listener.id}`,
      `pools/${pool.id}`,
      `pools/${pool.id}/members/${watched.id}`,
      balancer,
    ];
    for (const item of measured) expect(await show(item)).toMatchObject(ACTIVE);
    // Of these no heartbeat tells: in force is up.
    const unmeasured = [
      `healthmonitors/${monitor.id}`,
      `l7policies/${policy.id}`,
      `l7policies/${policy.id}/rules/${rule.id}`,
    ];
    for (const item of unmeasured) expect(await show(item)).toMatchObject({ ...ACTIVE, operating_status: 'ONLINE' });
    for (const item of [...measured, ...unmeasured]) expect((await show(item)).updated_at).not.toBeNull();
    expect(await show(path)).toMatchObject({ ...ACTIVE, operating_status: 'NO_MONITOR' });
    for (const admin_state_up of [false, true]) {
      await api.done('PUT', `/v2/lbaas/${path}`, { member: { admin_state_up } });
      expect(await show(path)).toMatchObject({ ...ACTIVE, operating_status: 'NO_MONITOR' });
    }
    await api.done('DELETE', `/v2/lbaas/healthmonitors/${monitor.id}`);
    expect(await show(`pools/${pool.id}/members/${watched.id}`)).toMatchObject({ operating_status: 'NO_MONITOR' });
    await api.done('DELETE', `/v2/lbaas/listeners/${listener.id}`);
    expect((await api.get(`/v2/lbaas/listeners/${listener.id}`)).status).toBe(404);
    await api.done('PUT', `/v2/lbaas/${balancer}`, { loadbalancer: { admin_state_up: false } });
    expect(await show(balancer)).toMatchObject({ ...ACTIVE, admin_state_up: false });
    await api.done('DELETE', `/v2/lbaas/${balancer}?cascade=true`);
    expect((await api.get(`/v2/lbaas/${balancer}`)).status).toBe(404);
    expect((await api.get(`/v2/lbaas/pools/${pool.id}`)).status).toBe(404);
  });

  it('fails over, from ERROR as well', async () => {
    const { id } = await api.loadBalancer({ provider });
    for (const status of ['ACTIVE', 'ERROR']) {
      await api.database.store.pool.query('update load_balancer set provisioning_status = $1 where id = $2', [
        status,
        id,
      ]);
      const answer = await api.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`, 'ignored');
      expect(answer).toEqual({ status: 202, body: null });
      await api.settler.idle();
      expect(await show(`loadbalancers/${id}`)).toMatchObject(ACTIVE);
    }
    await api.database.store.pool.query(
      `update load_balancer set provisioning_status = 'PENDING_UPDATE' where id = $1`,
      [id],
    );
    const refused = await api.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`);
    expect([refused.status, refused.body.faultstring]).toEqual([
      409,
      `Invalid state PENDING_UPDATE of loadbalancer resource ${id}`,
    ]);
  });
});

test('the provider with amphorae takes a failover from ERROR', async () => {
  const { id } = await api.loadBalancer({ provider: 'amphora' });
  await api.database.store.pool.query(`update load_balancer set provisioning_status = 'ERROR' where id = $1`, [id]);
  expect((await api.call('PUT', `/v2/lbaas/loadbalancers/${id}/failover`)).status).toBe(202);
  expect(await show(`loadbalancers/${id}`)).toMatchObject({ provisioning_status: 'PENDING_UPDATE' });
  const submitted = api.submitted
    .filter(({ loadBalancerId }) => loadBalancerId === id)
    .map(({ kind, input }) => [kind, input]);
  expect(submitted).toEqual([
    ['create_load_balancer', { topology: 'SINGLE' }],
    ['failover_load_balancer', { topology: 'SINGLE' }],
  ]);
  expect((await api.call('PUT', `/v2/lbaas/loadbalancers/${randomUUID()}/failover`)).status).toBe(404);
});

test('what the user says about the VIP stays', async () => {
  const [subnet, other] = [randomUUID(), randomUUID()];
  const made = await api.loadBalancer({ vip_subnet_id: subnet, vip_address: '203.0.113.7' });
  expect(made).toMatchObject({ vip_subnet_id: subnet, vip_address: '203.0.113.7' });
  for (const provider of ['amphora', 'noop_driver']) {
    const unrelated = await api.loadBalancer({
      provider,
      vip_subnet_id: subnet,
      vip_address: '203.0.113.7',
      additional_vips: [{ subnet_id: other, ip_address: '2001:db8::7' }],
    });
    expect(unrelated).toMatchObject({
      vip_network_id: made.vip_network_id,
      vip_address: '203.0.113.7',
      additional_vips: [{ subnet_id: other, ip_address: '2001:db8::7' }],
    });
    const vip_network_id = randomUUID();
    const named = { vip_network_id, vip_subnet_id: subnet, vip_address: '203.0.113.7' };
    // Named alone it has a subnet, too, whether or not it was named with others before.
    for (const vip of [{ vip_network_id }, named, { vip_network_id }]) {
      expect(await api.loadBalancer({ provider, ...vip })).toMatchObject(vip);
    }
    const unseen = { ...named, vip_network_id: randomUUID() };
    for (const vip of [unseen, { vip_network_id: unseen.vip_network_id }]) {
      expect(await api.loadBalancer({ provider, ...vip })).toMatchObject(vip);
    }
  }
});

test('what a crashed process left is settled by the next one', async () => {
  const made = await api.loadBalancer({});
  const pendingDelete = await api.loadBalancer({});
  const foreign = await api.loadBalancer({ provider: 'amphora' });
  const { store } = api.database;
  await store.pool.query(`update load_balancer set provisioning_status = 'PENDING_UPDATE' where id = $1`, [made.id]);
  await store.pool.query(`update load_balancer set provisioning_status = 'PENDING_DELETE' where id = $1`, [
    pendingDelete.id,
  ]);
  const next = new NoopSettler({ store, providers: NOOP_PROVIDERS, log: SILENT_LOG, sweepMs: 20 });
  next.start();
  try {
    await expect.poll(() => show(`loadbalancers/${made.id}`)).toMatchObject(ACTIVE);
    await expect.poll(async () => (await api.get(`/v2/lbaas/loadbalancers/${pendingDelete.id}`)).status).toBe(404);
    expect(await show(`loadbalancers/${foreign.id}`)).toMatchObject({ provisioning_status: 'PENDING_CREATE' });
    // And it goes on looking.
    await store.pool.query(`update load_balancer set provisioning_status = 'PENDING_UPDATE' where id = $1`, [made.id]);
    await expect.poll(() => show(`loadbalancers/${made.id}`)).toMatchObject(ACTIVE);
  } finally {
    await next.stop();
  }
});
