import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ComputeInstance } from '../../src/clouds/compute/interface.ts';
import { NoopComputeDriver } from '../../src/clouds/compute/noop/driver.ts';
import { NoopNetworkDriver } from '../../src/clouds/network/noop/driver.ts';
import { deterministicUuid } from '../../src/domain/deterministic-uuid.ts';
import { collectOrphans, type OrphanOptions, orphanDuty } from '../../src/housekeeping/orphans.ts';
import { recountQuotas } from '../../src/housekeeping/quotas.ts';
import { sql } from '../../src/store/core/sql.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { setStatuses } from '../support/statuses.ts';
import { aLoadBalancer, openTestStore, type TestStore } from '../support/store.ts';
import { idsOf, listeningLog, storedAmphora } from './support.ts';

/** Fails on the way, as a cloud does. */
class Cloud extends NoopComputeDriver {
  readonly ids = new Set<string>();
  readonly detached: string[] = [];
  away = false;

  override async list(): Promise<ComputeInstance[]> {
    const unknown = { lbNetworkIp: null, imageId: null, flavor: null, zone: null, fault: null };
    return [...this.ids].map((id) => ({ id, name: `amphora-${id}`, status: 'ACTIVE', ...unknown }));
  }
  override async delete(id: string): Promise<void> {
    if (this.away) throw new Error('the cloud is away');
    this.ids.delete(id);
  }
  override async detachPort(_id: string, portId: string): Promise<void> {
    this.detached.push(portId);
  }
}

let testStore: TestStore;
let network: NoopNetworkDriver;
let compute: Cloud;

beforeAll(async () => {
  testStore = await openTestStore();
  network = new NoopNetworkDriver(testStore.store.db);
  await network.bootstrap();
});
afterAll(() => testStore.close());
beforeEach(async () => {
  compute = new Cloud();
  await sql`truncate load_balancer, amphora, local_port, orphan_suspect, quota cascade`.execute(testStore.store.db);
});

const options = (changes: Partial<OrphanOptions> = {}): OrphanOptions => ({
  store: testStore.store,
  compute,
  network,
  age: 3600,
  dryRun: false,
  log: listeningLog(),
  ...changes,
});

const older = (seconds: number) =>
  sql`update orphan_suspect set first_seen_at = first_seen_at - make_interval(secs => ${seconds})`.execute(
    testStore.store.db,
  );

const port = async (name: string, deviceOwner = 'octavia:vrrp', deviceId = 'device') =>
  (
    await network.createPort({
      name,
      networkId: deterministicUuid('noop', 'public-net'),
      fixedIps: [{ subnetId: deterministicUuid('noop', 'public-subnet') }],
      deviceId,
      deviceOwner,
    })
  ).id;

async function aServingAmphora(): Promise<{ loadBalancer: string; amphora: string; ports: string[] }> {
  const { store } = testStore;
  const id = randomUUID();
  const vip = await port(`octavia-lb-${id}`, 'Octavia');
  const lb = aLoadBalancer({ id, vip: { ...aLoadBalancer().vip, portId: vip, portOwned: true } });
  await store.transaction((tx) => loadBalancers.insert(tx, lb));
  const amphora = await storedAmphora(store, id);
  const vrrp = await port(`octavia-lb-vrrp-${amphora}`);
  await amphorae.update(store.db, amphora, { vrrpPortId: vrrp });
  const member = await port(`octavia-lb-member-${amphora}-${randomUUID()}`, 'octavia:member');
  await amphorae.addMemberPort(store.db, amphora, randomUUID(), member);
  compute.ids.add(amphora);
  return { loadBalancer: id, amphora, ports: [vip, vrrp, member, await port(`octavia-mgmt-${amphora}`, 'compute')] };
}

test('what rows name is never an orphan', async () => {
  const { amphora, ports } = await aServingAmphora();
  await port('somebody-elses-port');
  expect(await collectOrphans(options({ age: 0 }))).toEqual({ found: [], removed: [], failed: [], refused: null });
  expect([...compute.ids]).toEqual([amphora]);
  expect(await idsOf(testStore.store, 'local_port')).toHaveLength(ports.length + 1);
});

test('instances and ports that no row names go after their age, not before, and not in a dry run', async () => {
  const kept = await aServingAmphora();
  const gone = randomUUID();
  const deleted = await storedAmphora(testStore.store, null, { status: 'DELETED' });
  compute.ids.add(gone).add(deleted);
  const stray = [
    await port(`octavia-mgmt-${gone}`, 'compute'),
    await port(`octavia-lb-vrrp-${deleted}`),
    await port(`octavia-lb-${randomUUID()}`, 'Octavia'),
    await port(`octavia-lb-member-${kept.amphora}-${randomUUID()}`, 'octavia:member', kept.amphora),
  ];
  const names = [gone, deleted, ...stray].sort();
  const first = await collectOrphans(options());
  expect(first.found.map(({ id }) => id).sort()).toEqual(names);
  expect(first.removed).toEqual([]);
  await older(3601);
  expect((await collectOrphans(options({ dryRun: true, force: true }))).removed).toEqual([]);
  const last = await collectOrphans(options({ force: true }));
  expect(last.removed.map(({ id }) => id).sort()).toEqual(names);
  expect([...compute.ids]).toEqual([kept.amphora]);
  expect(await idsOf(testStore.store, 'local_port')).toEqual(kept.ports.toSorted());
  expect(compute.detached.sort()).toEqual([stray[1], stray[3]].sort());
  expect((await collectOrphans(options())).found).toEqual([]);
});

test('one that gets a row in time is forgotten, and its age begins anew', async () => {
  const { store } = testStore;
  const id = randomUUID();
  compute.ids.add(id);
  await collectOrphans(options());
  await older(3599);
  await sql`insert into amphora (id, status, created_at) values (${id}, 'ALLOCATED', now())`.execute(store.db);
  expect((await collectOrphans(options())).found).toEqual([]);
  await sql`delete from amphora`.execute(store.db);
  expect(await collectOrphans(options())).toMatchObject({ found: [{ id, age: expect.any(Number) }], removed: [] });
});

test('ports of a load balancer that is being changed are left to its operation', async () => {
  const { loadBalancer, amphora } = await aServingAmphora();
  await port(`octavia-lb-member-${amphora}-${randomUUID()}`, 'octavia:member', amphora);
  await setStatuses(testStore.store.db, 'load_balancer', loadBalancer, { provisioningStatus: 'PENDING_UPDATE' });
  expect((await collectOrphans(options({ age: 0 }))).found).toEqual([]);
});

test('when a large part looks like orphans nothing is removed, until somebody insists', async () => {
  for (let number = 0; number < 6; number++) compute.ids.add(randomUUID());
  await collectOrphans(options());
  await older(7200);
  const report = await collectOrphans(options());
  expect(report.removed).toEqual([]);
  expect(report.refused).toContain('6 of 6 instances, ports and groups are named by no row');
  await expect(orphanDuty(options())).rejects.toThrow('Nothing was removed');
  expect((await collectOrphans(options({ force: true }))).removed).toHaveLength(6);
});

test('a removal that fails is told and tried again; a cut between removal and row does no harm', async () => {
  const { store } = testStore;
  const id = randomUUID();
  compute.ids.add(id);
  await collectOrphans(options());
  await older(7200);
  compute.away = true;
  await expect(orphanDuty(options())).rejects.toThrow(`amphora-${id}: the cloud is away`);
  compute.away = false;
  // Killed after the instance was deleted, before its suspicion was: the next look forgets it.
  await compute.delete(id);
  expect(await orphanDuty(options())).toEqual({ summary: null });
  expect(await idsOf(store, 'orphan_suspect')).toEqual([]);
});

test('counters of quotas that differ from what exists are corrected, right ones are not touched', async () => {
  const { store } = testStore;
  const lb = aLoadBalancer({ projectId: 'wrong' });
  await store.transaction((tx) => loadBalancers.insert(tx, lb));
  await sql`
    insert into quota (project_id, load_balancer_in_use, pool_in_use) values ('wrong', 7, 0), ('right', 0, null)`.execute(
    store.db,
  );
  expect(await recountQuotas(store)).toEqual({ summary: 'Corrected the quota counters of 1 projects: wrong' });
  const { rows } = await sql`
    select project_id, load_balancer_in_use as n, pool_in_use as p from quota order by 1`.execute(store.db);
  expect(rows).toEqual([
    { project_id: 'right', n: 0, p: null },
    { project_id: 'wrong', n: 1, p: 0 },
  ]);
  expect(await recountQuotas(store)).toEqual({ summary: null });
});
