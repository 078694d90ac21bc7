import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partnerOf } from '../../src/clouds/network/noop/driver.ts';
import { OctaviaError } from '../../src/errors.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as vrrpGroups from '../../src/store/resources/vrrp-groups.ts';
import { aListener } from '../support/store.ts';
import { dead, Lab, twice } from './lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(() => lab.calm());

const get = (id: string) => loadBalancers.get(lab.store.db, id);
const stepNames = async (id: string) =>
  (await operations.stepsOf(lab.store.db, [id])).get(id)?.map(({ name }) => name.replace(/[0-9a-f-]{36}/, 'it'));

describe('create', () => {
  test('SINGLE: one amphora, built and configured in order', async () => {
    const loadBalancer = await lab.accepted('SINGLE');
    const operation = await lab.run('create_load_balancer', loadBalancer);
    expect(operation).toMatchObject({ state: 'succeeded', reason: null });
    const names = (await stepNames(operation.id)) ?? [];
    // It runs beside those that boot.
    expect(names).toContain('apply security group of the VIP');
    expect(names.filter((name) => name !== 'apply security group of the VIP')).toEqual([
      'record amphora it',
      'boot amphora it',
      'wait for instance of it',
      'wait for agent of it',
      'plug VIP into it',
      'plug member networks',
      'apply configuration to all amphorae',
    ]);
    expect(lab.changes()).toEqual([
      'compute.build',
      'network.createPort',
      'compute.attachPort',
      'dataplane.plugVip',
      'dataplane.apply',
    ]);
    const { vip } = loadBalancer;
    expect(await lab.amphorae(loadBalancer)).toMatchObject([
      { role: 'STANDALONE', status: 'ALLOCATED', vrrpPriority: null, haIp: vip.address, haPortId: vip.portId },
    ]);
    expect((await get(loadBalancer.id))?.provisioningStatus).toBe('ACTIVE');
  });

  test('ACTIVE_STANDBY: two amphorae beside each other, then their configuration, then VRRP', async () => {
    const loadBalancer = await lab.accepted('ACTIVE_STANDBY');
    const operation = await lab.run('create_load_balancer', loadBalancer);
    expect(operation).toMatchObject({ state: 'succeeded' });
    const pair = await lab.amphorae(loadBalancer);
    expect(pair).toMatchObject([
      { role: 'MASTER', vrrpPriority: 100, vrrpId: 1, status: 'ALLOCATED' },
      { role: 'BACKUP', vrrpPriority: 90, vrrpId: 1, status: 'ALLOCATED' },
    ]);
    expect(new Set(pair.map(({ vrrpIp }) => vrrpIp)).size).toBe(2);
    expect(lab.changes().slice(-4)).toEqual([
      'dataplane.apply',
      'dataplane.apply',
      'dataplane.applyVrrp',
      'dataplane.applyVrrp',
    ]);
    const [told] = lab.dataplane.calls.filter((entry) => entry.call === 'applyVrrp').slice(-1);
    expect(told?.call === 'applyVrrp' && told.tree.amphorae.map(({ id }) => id).toSorted()).toEqual(
      pair.map(({ id }) => id).toSorted(),
    );
    expect(await vrrpGroups.get(lab.store.db, loadBalancer.id)).toEqual({
      name: loadBalancer.id.replaceAll('-', ''),
      authType: 'PASS',
      authPass: expect.stringMatching(/^[0-9a-f]{7}$/),
      advertInt: 1,
    });
  });

  test('the port of an amphora has an address in each subnet of the VIPs', async () => {
    const loadBalancer = await lab.accepted('ACTIVE_STANDBY');
    const { networkId } = loadBalancer.vip;
    const other = { subnetId: partnerOf(networkId ?? ''), ipAddress: '10.9.0.9' };
    await loadBalancers.update(lab.store.db, loadBalancer.id, { additionalVips: [other] });
    await lab.store.pool.query(
      `insert into local_subnet (id, network_id, name, cidr, ip_version) values ($1, $2, 'other', '10.9.0.0/16', 4)`,
      [other.subnetId, networkId],
    );
    expect(await lab.run('create_load_balancer', loadBalancer)).toMatchObject({ state: 'succeeded' });
    for (const { vrrpPortId, vrrpIp } of await lab.amphorae(loadBalancer)) {
      const port = await lab.network.getPort(vrrpPortId ?? '');
      expect(port?.fixedIps.map(({ subnetId }) => subnetId).toSorted()).toEqual(
        [loadBalancer.vip.subnetId, other.subnetId].toSorted(),
      );
      expect(port?.fixedIps).toContainEqual({ subnetId: loadBalancer.vip.subnetId, ipAddress: vrrpIp });
    }
  });

  test('the group that keeps them apart is made where the operator wants it, and goes with them', async () => {
    lab.options = { ...lab.options, antiAffinity: 'soft-anti-affinity' };
    const loadBalancer = await lab.balancer('ACTIVE_STANDBY');
    lab.options = { ...lab.options, antiAffinity: null };
    await lab.pending(loadBalancer.id, 'PENDING_DELETE');
    expect(await lab.run('delete_load_balancer', loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(lab.calls).toContainEqual({
      call: 'compute.deleteServerGroup',
      amphoraId: `octavia-lb-${loadBalancer.id}`,
    });
  });

  test.each(['SINGLE', 'ACTIVE_STANDBY'] as const)('%s: every step may happen twice', async (topology) => {
    const loadBalancer = await lab.accepted(topology);
    const before = await lab.leftovers();
    expect(await lab.run('create_load_balancer', loadBalancer, { flowOf: twice })).toMatchObject({
      state: 'succeeded',
    });
    const count = topology === 'SINGLE' ? 1 : 2;
    expect(await lab.amphorae(loadBalancer)).toHaveLength(count);
    // One instance and one port for each.
    expect((await lab.leftovers()).length - before.length).toBe(2 * count);
  });

  test.each([
    ['network.createPort', 'SUBNET_NO_FREE_ADDRESS', { subnet: 'x' }],
    ['compute.build', 'COMPUTE_BUILD_FAILED', { name: 'x', detail: 'no host has room' }],
    ['dataplane.waitUntilReachable', 'AMPHORA_UNREACHABLE', { id: 'x', address: 'y', detail: 'z' }],
    ['dataplane.apply', 'AMPHORA_REFUSED', { id: 'x', status: 400, request: 'PUT', detail: 'bad' }],
    ['dataplane.applyVrrp', 'AMPHORA_REFUSED', { id: 'x', status: 400, request: 'PUT', detail: 'bad' }],
  ] as const)('a failure of %s is undone without a trace, and told', async (failing, code, parameters) => {
    const loadBalancer = await lab.accepted('ACTIVE_STANDBY');
    const listener = aListener(loadBalancer.id, { provisioningStatus: 'PENDING_CREATE' });
    await lab.store.transaction((tx) => listeners.insert(tx, listener));
    const before = await lab.leftovers();
    const error = new OctaviaError(code, parameters);
    lab.interfere = (call) => {
      if (call === failing) throw error;
    };
    const operation = await lab.run('create_load_balancer', loadBalancer);
    expect(operation).toMatchObject({ state: 'failed', reason: error.message, cause: code });
    expect(await lab.amphorae(loadBalancer)).toEqual([]);
    expect(await lab.leftovers()).toEqual(before);
    const failed = { provisioningStatus: 'ERROR', statusReason: error.message };
    expect(await get(loadBalancer.id)).toMatchObject(failed);
    expect(await listeners.get(lab.store.db, listener.id)).toMatchObject(failed);

    // From ERROR a failover builds what is missing.
    lab.calm();
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect((await lab.amphorae(loadBalancer)).map(({ role }) => role)).toEqual(['MASTER', 'BACKUP']);
    expect(await get(loadBalancer.id)).toMatchObject({ provisioningStatus: 'ACTIVE', statusReason: null });
    expect(await listeners.get(lab.store.db, listener.id)).toMatchObject({ provisioningStatus: 'ACTIVE' });
  });

  test('with disable_revert a failure leaves what was made', async () => {
    const loadBalancer = await lab.accepted('SINGLE');
    lab.options = { ...lab.options, disableRevert: true };
    lab.interfere = (call) => {
      if (call === 'dataplane.apply') throw new OctaviaError('COMPUTE_BUILD_FAILED', { name: 'x', detail: 'y' });
    };
    expect(await lab.run('create_load_balancer', loadBalancer)).toMatchObject({ state: 'failed' });
    lab.options = { ...lab.options, disableRevert: false };
    expect(await lab.amphorae(loadBalancer)).toHaveLength(1);
    expect(await get(loadBalancer.id)).toMatchObject({ provisioningStatus: 'ERROR' });
  });

  test('an unknown topology builds nothing', async () => {
    const loadBalancer = await lab.accepted('SINGLE');
    const input = { topology: 'TRIANGLE' as 'SINGLE' };
    expect(await lab.run('create_load_balancer', loadBalancer, { input })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Invalid topology specified: TRIANGLE'),
    });
    expect(lab.calls).toEqual([]);
  });
});

describe('delete', () => {
  test.each(['SINGLE', 'ACTIVE_STANDBY'] as const)(
    '%s: nothing is left, even when steps happen twice',
    async (topology) => {
      const before = await lab.leftovers();
      const loadBalancer = await lab.balancer(topology);
      await lab.pending(loadBalancer.id, 'PENDING_DELETE');
      const operation = await lab.run('delete_load_balancer', loadBalancer, { flowOf: twice });
      expect(operation).toMatchObject({ state: 'succeeded' });
      expect(await lab.leftovers()).toEqual(before);
      expect(await get(loadBalancer.id)).toBeNull();
    },
  );

  test('amphorae that do not answer, or are gone with their ports, are no obstacle', async () => {
    const before = await lab.leftovers();
    const loadBalancer = await lab.balancer('ACTIVE_STANDBY');
    const [master, backup] = await lab.amphorae(loadBalancer);
    await lab.compute.delete(master?.computeId ?? '');
    await lab.network.deletePort(master?.vrrpPortId ?? '');
    await lab.network.deletePort(loadBalancer.vip.portId ?? '');
    lab.interfere = dead(master?.id ?? '', backup?.id ?? '');
    await lab.pending(loadBalancer.id, 'PENDING_DELETE');
    expect(await lab.run('delete_load_balancer', loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await lab.leftovers()).toEqual(before);
  });

  test('what a failover could not remove goes with the load balancer', async () => {
    const before = await lab.leftovers();
    const loadBalancer = await lab.balancer('SINGLE');
    lab.interfere = (call) => {
      if (call === 'compute.delete') throw new Error('the hypervisor does not answer');
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    lab.calm();
    await lab.pending(loadBalancer.id, 'PENDING_DELETE');
    expect(await lab.run('delete_load_balancer', loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await lab.leftovers()).toEqual(before);
  });

  test('a cloud that refuses is asked again; if it keeps refusing the load balancer is in ERROR, and may be deleted later', async () => {
    const before = await lab.leftovers();
    const loadBalancer = await lab.balancer('SINGLE');
    let refusals = 0;
    lab.interfere = (call) => {
      if (call === 'compute.delete') {
        refusals += 1;
        throw new Error('the hypervisor does not answer');
      }
    };
    await lab.pending(loadBalancer.id, 'PENDING_DELETE');
    expect(await lab.run('delete_load_balancer', loadBalancer)).toMatchObject({ state: 'failed' });
    expect(refusals).toBe(lab.options.amphoraDelete.attempts);
    expect(await get(loadBalancer.id)).toMatchObject({ provisioningStatus: 'ERROR', statusReason: expect.any(String) });
    lab.calm();
    await lab.pending(loadBalancer.id, 'PENDING_DELETE');
    expect(await lab.run('delete_load_balancer', loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await lab.leftovers()).toEqual(before);
  });
});

test('others hear of create, update and delete, once each', async () => {
  const loadBalancer = await lab.accepted('SINGLE');
  await lab.run('create_load_balancer', loadBalancer);
  await lab.pending(loadBalancer.id);
  await lab.run('update_load_balancer', loadBalancer, { flowOf: twice });
  await lab.pending(loadBalancer.id, 'PENDING_DELETE');
  await lab.run('delete_load_balancer', loadBalancer);
  const events = lab.notifications.map(({ event_type, message_id }) => ({ event_type, message_id }));
  expect(events.map(({ event_type }) => event_type)).toEqual([
    'octavia.loadbalancer.create.end',
    'octavia.loadbalancer.update.end',
    'octavia.loadbalancer.delete.end',
  ]);
  expect(new Set(events.map(({ message_id }) => message_id)).size).toBe(3);
  const [first] = lab.notifications;
  expect(first).toMatchObject({ publisher_id: null, priority: 'INFO' });
  expect(first?.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
  expect(Object.keys(first?.payload ?? {}).toSorted()).toEqual(
    [
      ...['id', 'name', 'description', 'project_id', 'provider', 'flavor_id', 'availability_zone', 'enabled', 'tags'],
      ...['provisioning_status', 'operating_status', 'listeners', 'pools', 'vip', 'created_at', 'updated_at'],
    ].toSorted(),
  );
  expect(first?.payload.vip).toMatchObject({ ip_address: loadBalancer.vip.address });
});

describe('build slots', () => {
  test('only so many are built at once', async () => {
    lab.options = { ...lab.options, buildSlots: { limit: 1, attempts: 20_000, intervalMs: 1 } };
    let building = 0;
    let most = 0;
    lab.interfere = (call) => {
      if (call === 'compute.build') most = Math.max(most, ++building);
      if (call === 'compute.get') building -= 1;
    };
    const balancers = await Promise.all([1, 2, 3].map(() => lab.accepted('SINGLE')));
    const ended = await Promise.all(balancers.map((each) => lab.run('create_load_balancer', each)));
    expect(ended.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(most).toBe(1);
    expect((await lab.store.pool.query('select * from amphora_build_request')).rows).toEqual([]);
  });

  test('who waits too long fails, with the reason', async () => {
    lab.options = { ...lab.options, buildSlots: { limit: 0, attempts: 2, intervalMs: 1 } };
    const loadBalancer = await lab.accepted('SINGLE');
    expect(await lab.run('create_load_balancer', loadBalancer)).toMatchObject({
      state: 'failed',
      cause: 'BUILD_SLOT_TIMEOUT',
    });
    lab.options = { ...lab.options, buildSlots: { limit: -1, attempts: 2, intervalMs: 1 } };
    expect((await lab.store.pool.query('select * from amphora_build_request')).rows).toEqual([]);
  });
});
