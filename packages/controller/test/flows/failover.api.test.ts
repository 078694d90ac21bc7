import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import type { Amphora, LoadBalancer } from '../../src/domain/resources.ts';
import { OctaviaError } from '../../src/errors.ts';
import * as operations from '../../src/store/operations/operations.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as l7policies from '../../src/store/resources/l7-policies.ts';
import * as l7rules from '../../src/store/resources/l7-rules.ts';
import * as listeners from '../../src/store/resources/listeners.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import * as members from '../../src/store/resources/members.ts';
import * as pools from '../../src/store/resources/pools.ts';
import { makeL7Policy, makeL7Rule } from '../dataplane/support/tree.ts';
import { aListener, aMember, aPool } from '../support/store.ts';
import { dead, Lab, twice } from './lab.ts';

let lab: Lab;
let before: string[];
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());
beforeEach(async () => {
  lab.calm();
  before = await lab.leftovers();
});

const get = (id: string) => loadBalancers.get(lab.store.db, id);
const working = { provisioningStatus: 'ACTIVE', statusReason: null };

async function pair(): Promise<{ loadBalancer: LoadBalancer; master: Amphora; backup: Amphora }> {
  const loadBalancer = await lab.balancer('ACTIVE_STANDBY');
  const [master, backup] = await lab.amphorae(loadBalancer);
  if (!master || !backup) throw new Error('not built');
  lab.active = master.id;
  return { loadBalancer, master, backup };
}

async function single(): Promise<{ loadBalancer: LoadBalancer; old: Amphora }> {
  const loadBalancer = await lab.balancer('SINGLE');
  const [old] = await lab.amphorae(loadBalancer);
  if (!old) throw new Error('not built');
  return { loadBalancer, old };
}

/** The load balancer has exactly the amphorae it should have, all new, and the cloud has exactly what they need. */
async function expectRenewed(loadBalancer: LoadBalancer, old: Amphora[]): Promise<Amphora[]> {
  const now = await lab.amphorae(loadBalancer);
  const roles = loadBalancer.topology === 'SINGLE' ? ['STANDALONE'] : ['MASTER', 'BACKUP'];
  expect(now.map(({ role, status }) => `${role} ${status}`)).toEqual(roles.map((role) => `${role} ALLOCATED`));
  const oldIds = old.map(({ id }) => id);
  expect(now.filter(({ id }) => oldIds.includes(id))).toEqual([]);
  const expected = now.flatMap(({ id }) => [`amphora-${id}`, `octavia-lb-vrrp-${id}`]);
  const found = (await lab.leftovers()).filter((name) => !before.includes(name));
  expect(found).toEqual([...expected, `octavia-lb-${loadBalancer.id}`].toSorted());
  expect(await get(loadBalancer.id)).toMatchObject(working);
  return now;
}

const position = (call: string, amphoraId: string): number =>
  lab.calls.findIndex((entry) => entry.call === call && entry.amphoraId === amphoraId);

describe('failover of a load balancer, ACTIVE_STANDBY', () => {
  test('the standby goes first; each replacement is in service before the old one goes', async () => {
    const { loadBalancer, master, backup } = await pair();
    const operation = await lab.failover(loadBalancer);
    expect(operation).toMatchObject({ state: 'succeeded' });
    const [newMaster, newBackup] = await expectRenewed(loadBalancer, [master, backup]);
    const moments = [
      position('dataplane.apply', newBackup?.id ?? ''),
      position('compute.delete', backup.id),
      position('dataplane.applyVrrp', newBackup?.id ?? ''),
      position('dataplane.yieldVip', master.id),
      position('compute.build', newMaster?.id ?? ''),
      position('dataplane.apply', newMaster?.id ?? ''),
      position('compute.delete', master.id),
      lab.calls.map(({ call }) => call).lastIndexOf('dataplane.applyVrrp'),
    ];
    expect(moments).not.toContain(-1);
    expect(moments).toEqual(moments.toSorted((one, other) => one - other));
    // At the end both know only each other.
    const last = lab.dataplane.calls.findLast((entry) => entry.call === 'applyVrrp');
    expect(last?.call === 'applyVrrp' && last.tree.amphorae.map(({ id }) => id).toSorted()).toEqual(
      [newMaster?.id, newBackup?.id].toSorted(),
    );
  });

  test('its steps, as the operation shows them', async () => {
    const { loadBalancer } = await pair();
    const { id } = await lab.failover(loadBalancer);
    const steps = (await operations.stepsOf(lab.store.db, [id])).get(id) ?? [];
    const build = (what: string) =>
      ['record amphora', 'boot amphora', 'wait for instance of', 'wait for agent of', 'plug member networks into']
        .concat(['plug VIP into', 'wait until the network lets traffic pass to', 'apply configuration to'])
        .map((name) => `${name} ${what}`);
    expect(steps.map(({ name }) => name.replace(/[0-9a-f-]{36}/, 'it'))).toEqual([
      'check VIP port',
      'choose which amphora goes first',
      ...build('it'),
      'take it into service',
      'remove the first amphora',
      'hand the VIP over to it',
      ...build('it'),
      'take it into service',
      'remove the remaining amphorae',
      'apply configuration to all amphorae',
      'apply VRRP to all amphorae',
    ]);
  });

  test('every step may happen twice', async () => {
    const { loadBalancer, master, backup } = await pair();
    expect(await lab.failover(loadBalancer, twice)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [master, backup]);
  });

  test.each(['the master', 'the backup', 'both'])('%s not answering is no obstacle', async (who) => {
    const { loadBalancer, master, backup } = await pair();
    lab.interfere = dead(...(who === 'the backup' ? [] : [master.id]), ...(who === 'the master' ? [] : [backup.id]));
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [master, backup]);
    // The one that answers stays while the first replacement is built.
    const [first] = lab.calls.filter(({ call }) => call === 'compute.delete');
    if (who !== 'both') expect(first?.amphoraId).toBe(who === 'the master' ? master.id : backup.id);
  });

  test('instances and ports that are gone are no obstacle; the VIP keeps its address', async () => {
    const { loadBalancer, master, backup } = await pair();
    for (const { computeId, vrrpPortId } of [master, backup]) {
      await lab.compute.delete(computeId ?? '');
      await lab.network.deletePort(vrrpPortId ?? '');
    }
    await lab.network.deletePort(loadBalancer.vip.portId ?? '');
    lab.interfere = dead(master.id, backup.id);
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    const renewed = await expectRenewed(loadBalancer, [master, backup]);
    const vip = (await get(loadBalancer.id))?.vip;
    expect(vip?.address).toBe(loadBalancer.vip.address);
    expect(vip?.portId).not.toBe(loadBalancer.vip.portId);
    expect((await lab.network.getPort(vip?.portId ?? ''))?.fixedIps[0]?.ipAddress).toBe(vip?.address);
    expect(renewed.map(({ haPortId }) => haPortId)).toEqual([vip?.portId, vip?.portId]);
  });

  test('any number of amphorae is repaired: none, one, three', async () => {
    for (const count of [0, 1, 3]) {
      const { loadBalancer, master, backup } = await pair();
      if (count < 2) await amphorae.update(lab.store.db, backup.id, { status: 'DELETED' });
      if (count < 1) await amphorae.update(lab.store.db, master.id, { status: 'DELETED' });
      if (count === 3) {
        const extra = { ...backup, id: deterministicUuid(loadBalancer.id), computeId: null, vrrpPortId: null };
        await lab.store.transaction((tx) => amphorae.insert(tx, extra));
      }
      expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
      const now = await lab.amphorae(loadBalancer);
      expect(now.map(({ role, status }) => `${role} ${status}`)).toEqual(['MASTER ALLOCATED', 'BACKUP ALLOCATED']);
      expect(await get(loadBalancer.id)).toMatchObject(working);
    }
  });

  test('a replacement that cannot be built leaves both amphorae serving, and another try succeeds', async () => {
    const { loadBalancer, master, backup } = await pair();
    const error = new OctaviaError('COMPUTE_BUILD_FAILED', { name: 'x', detail: 'no host has room' });
    lab.interfere = (call) => {
      if (call === 'compute.build') throw error;
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'failed', reason: error.message });
    expect(await get(loadBalancer.id)).toMatchObject({ provisioningStatus: 'ERROR', statusReason: error.message });
    const left = await lab.amphorae(loadBalancer);
    expect(left.map(({ id, status }) => `${id} ${status}`)).toEqual([
      `${master.id} ALLOCATED`,
      `${backup.id} ALLOCATED`,
    ]);
    lab.calm();
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [master, backup]);
  });

  test('when the second replacement fails the first stays in service beside the old one', async () => {
    const { loadBalancer, master, backup } = await pair();
    let builds = 0;
    lab.interfere = (call) => {
      if (call === 'compute.build' && ++builds === 2) throw new Error('no host has room');
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'failed' });
    const left = await lab.amphorae(loadBalancer);
    expect(left).toMatchObject([
      { id: master.id, role: 'MASTER', status: 'ALLOCATED' },
      { role: 'BACKUP', status: 'ALLOCATED' },
    ]);
    lab.calm();
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [...left, backup]);
  });

  test('what cannot be removed does not stop it', async () => {
    const { loadBalancer, backup } = await pair();
    lab.interfere = (call, amphoraId) => {
      if (call === 'compute.delete' && amphoraId === backup.id) throw new Error('the hypervisor does not answer');
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await get(loadBalancer.id)).toMatchObject(working);
  });
});

describe('failover of a load balancer, SINGLE', () => {
  test('the replacement is built first; then the VIP moves, and the old one goes', async () => {
    const { loadBalancer, old } = await single();
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    const [fresh] = await expectRenewed(loadBalancer, [old]);
    const moments = [
      position('compute.build', fresh?.id ?? ''),
      position('dataplane.apply', fresh?.id ?? ''),
      position('compute.detachPort', old.id),
      lab.calls.map(({ call }) => call).lastIndexOf('dataplane.plugVip'),
      position('compute.delete', old.id),
    ];
    expect(moments).not.toContain(-1);
    expect(moments).toEqual(moments.toSorted((one, other) => one - other));
  });

  test('every step may happen twice', async () => {
    const { loadBalancer, old } = await single();
    expect(await lab.failover(loadBalancer, twice)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [old]);
  });

  test('when the VIP cannot move, the old one gets it back', async () => {
    const { loadBalancer, old } = await single();
    let fenced = false;
    lab.interfere = (call, amphoraId) => {
      if (call === 'compute.detachPort') fenced = true;
      if (call === 'dataplane.plugVip' && fenced && amphoraId !== old.id) throw new Error('no such interface');
    };
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'failed' });
    expect(lab.calls.slice(-20)).toContainEqual({ call: 'dataplane.plugVip', amphoraId: old.id });
    expect(await lab.amphorae(loadBalancer)).toMatchObject([{ id: old.id, status: 'ALLOCATED' }]);
  });
});

test('what was in ERROR below the load balancer is in force again; a listener the data plane cannot serve stays in ERROR', async () => {
  const { loadBalancer } = await single();
  const failed = {
    provisioningStatus: 'ERROR' as const,
    statusReason: 'earlier',
    statusCode: 'AMPHORA_REFUSED' as const,
  };
  const fine = aListener(loadBalancer.id, { ...failed, protocolPort: 80 });
  const broken = aListener(loadBalancer.id, { ...failed, protocolPort: 443 });
  const pool = aPool(loadBalancer.id, failed);
  const leaving = aPool(loadBalancer.id, { provisioningStatus: 'PENDING_DELETE' });
  await lab.store.transaction(async (tx) => {
    await pools.insert(tx, pool);
    await pools.insert(tx, leaving);
    await listeners.insert(tx, fine);
    await listeners.insert(tx, broken);
  });
  const reason = 'The certificate cannot be read.';
  const original = lab.dataplane.apply.bind(lab.dataplane);
  lab.dataplane.apply = async (amphora, tree) => ({
    ...(await original(amphora, tree)),
    unusable: [{ listenerId: broken.id, reason, code: 'CERTIFICATE_UNREADABLE' as const }],
  });
  try {
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  } finally {
    lab.dataplane.apply = original;
  }
  const { db } = lab.store;
  expect(await listeners.get(db, fine.id)).toMatchObject(working);
  expect(await pools.get(db, pool.id)).toMatchObject(working);
  expect(await pools.get(db, leaving.id)).toBeNull();
  expect(await listeners.get(db, broken.id)).toMatchObject({ provisioningStatus: 'ERROR', statusReason: reason });
});

test('policies and rules that a listener is refused for keep their reason, so that the next amphora leaves them out too', async () => {
  const { loadBalancer } = await single();
  const listener = aListener(loadBalancer.id);
  const reason = `HAProxy refused the configuration of listener ${listener.id}: no.`;
  const refused = { provisioningStatus: 'ERROR', statusReason: reason, statusCode: 'CONFIGURATION_REFUSED' } as const;
  const good = makeL7Policy(1, { id: randomUUID(), listenerId: listener.id });
  const policy = makeL7Policy(2, { id: randomUUID(), listenerId: listener.id, ...refused });
  const rule = makeL7Rule(1, { id: randomUUID(), l7policyId: good.id, ...refused });
  const other = makeL7Rule(2, {
    id: randomUUID(),
    l7policyId: good.id,
    ...refused,
    statusReason: 'earlier',
    statusCode: 'AMPHORA_REFUSED',
  });
  await lab.store.transaction(async (tx) => {
    await listeners.insert(tx, listener);
    for (const each of [good, policy]) await l7policies.insert(tx, each);
    for (const each of [rule, other]) await l7rules.insert(tx, each);
  });
  const unusable = [{ listenerId: listener.id, reason, code: 'CONFIGURATION_REFUSED' as const }];
  vi.spyOn(lab.dataplane, 'apply').mockResolvedValue({ method: 'reload', unusable });
  try {
    for (const turn of [1, 2]) {
      expect(await lab.failover(loadBalancer), `${turn}`).toMatchObject({ state: 'succeeded' });
      expect(await listeners.get(lab.store.db, listener.id)).toMatchObject(refused);
      expect(await l7policies.get(lab.store.db, policy.id)).toMatchObject(refused);
      expect(await l7rules.get(lab.store.db, rule.id)).toMatchObject(refused);
    }
  } finally {
    vi.restoreAllMocks();
  }
  expect(await l7policies.get(lab.store.db, good.id)).toMatchObject(working);
  expect(await l7rules.get(lab.store.db, other.id)).toMatchObject(working);
  expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
  expect(await l7rules.get(lab.store.db, rule.id)).toMatchObject(working);
});

describe('failover of an amphora', () => {
  test.each(['MASTER', 'BACKUP'])('a %s is replaced by one of its role; the peer learns of it', async (role) => {
    const { loadBalancer, master, backup } = await pair();
    const [failed, peer] = role === 'MASTER' ? [master, backup] : [backup, master];
    lab.interfere = dead(failed.id);
    expect(await lab.failoverAmphora(loadBalancer, failed)).toMatchObject({ state: 'succeeded' });
    const now = await lab.amphorae(loadBalancer);
    expect(now.map((amphora) => `${amphora.role} ${amphora.status}`)).toEqual(['MASTER ALLOCATED', 'BACKUP ALLOCATED']);
    expect(now.map(({ id }) => id)).toContain(peer.id);
    expect(now.map(({ id }) => id)).not.toContain(failed.id);
    const replacement = now.find(({ id }) => id !== peer.id);
    for (const call of ['dataplane.apply', 'dataplane.applyVrrp']) {
      for (const id of [peer.id, replacement?.id ?? '']) expect(position(call, id)).toBeGreaterThan(-1);
    }
    expect(position('dataplane.apply', replacement?.id ?? '')).toBeLessThan(position('compute.delete', failed.id));
    expect(await get(loadBalancer.id)).toMatchObject(working);
  });

  test('a dead peer does not stop it', async () => {
    const { loadBalancer, master, backup } = await pair();
    lab.interfere = dead(master.id, backup.id);
    expect(await lab.failoverAmphora(loadBalancer, master)).toMatchObject({ state: 'succeeded' });
    expect((await lab.amphorae(loadBalancer)).map(({ role }) => role)).toEqual(['MASTER', 'BACKUP']);
    lab.interfere = dead(backup.id);
    expect(await lab.failoverAmphora(loadBalancer, backup)).toMatchObject({ state: 'succeeded' });
    await expectRenewed(loadBalancer, [master, backup]);
  });

  test('a STANDALONE one is replaced, its VIP with it', async () => {
    const { loadBalancer, old } = await single();
    lab.interfere = dead(old.id);
    expect(await lab.failoverAmphora(loadBalancer, old, twice)).toMatchObject({ state: 'succeeded' });
    const [fresh] = await expectRenewed(loadBalancer, [old]);
    const plugged = lab.calls.map(({ call }) => call).lastIndexOf('dataplane.plugVip');
    expect(lab.calls[plugged]?.amphoraId).toBe(fresh?.id);
    expect(position('compute.detachPort', old.id)).toBeLessThan(plugged);
  });

  test('every step may happen twice', async () => {
    const { loadBalancer, master, backup } = await pair();
    expect(await lab.failoverAmphora(loadBalancer, master, twice)).toMatchObject({ state: 'succeeded' });
    const [fresh] = await lab.amphorae(loadBalancer);
    expect(await lab.amphorae(loadBalancer)).toMatchObject([{ role: 'MASTER' }, { id: backup.id }]);
    expect(fresh?.id).not.toBe(master.id);
  });

  test('a half-built one gets the role that is missing', async () => {
    const { loadBalancer, master } = await pair();
    await amphorae.update(lab.store.db, master.id, { role: null, status: 'BOOTING' });
    expect(await lab.failoverAmphora(loadBalancer, master)).toMatchObject({ state: 'succeeded' });
    expect((await lab.amphorae(loadBalancer)).map(({ role }) => role)).toEqual(['MASTER', 'BACKUP']);
  });

  test('when it fails the amphora and the load balancer are in ERROR, the health manager may look again', async () => {
    const { loadBalancer, master } = await pair();
    await lab.store.pool.query('insert into amphora_health (amphora_id, last_update, busy) values ($1, now(), true)', [
      master.id,
    ]);
    const error = new OctaviaError('COMPUTE_BUILD_FAILED', { name: 'x', detail: 'no host has room' });
    lab.interfere = (call) => {
      if (call === 'compute.build') throw error;
    };
    expect(await lab.failoverAmphora(loadBalancer, master)).toMatchObject({ state: 'failed' });
    expect((await lab.amphorae(loadBalancer)).map(({ status }) => status)).toEqual(['ERROR', 'ALLOCATED']);
    expect(await get(loadBalancer.id)).toMatchObject({ provisioningStatus: 'ERROR', statusReason: error.message });
    const { rows } = await lab.store.pool.query('select busy from amphora_health where amphora_id = $1', [master.id]);
    expect(rows).toEqual([{ busy: false }]);
    lab.calm();
    expect(await lab.failover(loadBalancer)).toMatchObject({ state: 'succeeded' });
    expect(await get(loadBalancer.id)).toMatchObject(working);
  });

  test('one without a load balancer just goes', async () => {
    const { loadBalancer, old } = await single();
    await amphorae.update(lab.store.db, old.id, { loadBalancerId: null });
    const resource = { type: 'amphora' as const, id: old.id };
    const nobody = { ...loadBalancer, id: old.id };
    expect(await lab.run('failover_amphora', nobody, { resource, input: {} })).toMatchObject({ state: 'succeeded' });
    expect(await amphorae.get(lab.store.db, old.id)).toBeNull();
    expect(await lab.leftovers()).not.toContain(`amphora-${old.id}`);
  });

  test('the replacement reaches the networks of the members before it serves', async () => {
    const { loadBalancer, master } = await pair();
    const pool = aPool(loadBalancer.id);
    await lab.store.transaction(async (tx) => {
      await pools.insert(tx, pool);
      await members.insert(tx, aMember(pool.id, { subnetId: deterministicUuid('noop', 'private-subnet') }));
    });
    expect(await lab.failoverAmphora(loadBalancer, master)).toMatchObject({ state: 'succeeded' });
    const [fresh] = await lab.amphorae(loadBalancer);
    expect(position('dataplane.plugNetwork', fresh?.id ?? '')).toBeLessThan(
      position('dataplane.apply', fresh?.id ?? ''),
    );
    expect(await amphorae.memberPorts(lab.store.db, fresh?.id ?? '')).toHaveLength(1);
  });
});
