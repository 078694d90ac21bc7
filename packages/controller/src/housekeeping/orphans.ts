/**
 * Finds instances, ports, security groups and server groups that this service made and no row names any more (a cloud that
 * failed while something was deleted, a database restored from an older copy), and removes those that stay so for long enough.
 */
import type { Log } from '@octavia/protocol/log';
import type { ComputeDriver } from '../clouds/compute/interface.ts';
import type { NetworkDriver, Port, VipGroup } from '../clouds/network/interface.ts';
import { canonicalUuid } from '../domain/uuid.ts';
import type { Store } from '../store/core/database.ts';
import * as orphans from '../store/resources/orphans.ts';
import type { DutyOutcome } from './housekeeper.ts';

export interface OrphanOptions {
  store: Store;
  compute: ComputeDriver;
  network: NetworkDriver;
  /** Seconds something must be seen as an orphan before it is removed. */
  age: number;
  /** Only tells. */
  dryRun: boolean;
  /** True: also when most of what is there looks like an orphan. */
  force?: boolean;
  log: Log;
}

export interface OrphanReport {
  found: orphans.KnownSuspect[];
  removed: orphans.Suspect[];
  failed: { suspect: orphans.Suspect; reason: string }[];
  /** Why nothing was removed although something could be. */
  refused: string | null;
}

const PORT_PREFIX = 'octavia-';
/** Of an amphora: management, VRRP and member networks. Of a load balancer: the VIP. */
const OF_AMPHORA = /^octavia-(?:mgmt|lb-vrrp|lb-member)-([0-9a-f-]{36})(?:-|$)/;
const OF_LOAD_BALANCER = /^octavia-lb-([0-9a-f-]{36})(?:-|$)/;
const MANAGEMENT = 'octavia-mgmt-';
const OF_SERVER_GROUP = /^octavia-lb-([0-9a-f-]{36})$/;
const OF_INSTANCE = /^amphora-([0-9a-f-]{36})$/;

/** More orphans than this, and more than a fifth of what there is: rather the database is wrong than the cloud. */
const FEW = 5;
const LARGE_PART = 0.2;

/** Looks once. Ages count from the first look that saw the orphan, so a single look never removes anything young. */
export async function collectOrphans(options: OrphanOptions): Promise<OrphanReport> {
  const { store, age, dryRun, force = false, log } = options;
  const { suspects, things, total } = await suspectsOf(options);
  const found = await orphans.noteSuspects(store.db, suspects);
  const ripe = found.filter((suspect) => suspect.age >= age);
  const report: OrphanReport = { found, removed: [], failed: [], refused: null };
  if (dryRun || ripe.length === 0) return report;
  if (!force && ripe.length > FEW && ripe.length > total * LARGE_PART) {
    report.refused = `${ripe.length} of ${total} instances, ports and groups are named by no row: that looks like a database that lacks rows. Nothing was removed; look at them with "octavia housekeeping orphans --dry-run" and remove them, if that is right, with --force.`;
    return report;
  }
  // Instances first: their ports are then free; then ports, which hold on to security groups.
  for (const suspect of [...ripe].sort((a, b) => a.kind.localeCompare(b.kind))) {
    try {
      await remove(options, suspect, things);
      await orphans.forgetSuspect(store.db, suspect);
      report.removed.push(suspect);
      log.warn({ [suspect.kind]: suspect.id, name: suspect.name }, 'Removed an orphan');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      report.failed.push({ suspect, reason });
    }
  }
  return report;
}

const isId = (text: string): boolean => canonicalUuid(text) === text;

async function suspectsOf({ store, compute, network }: OrphanOptions) {
  // The cloud first: what comes into being meanwhile has its row before itself. Only VIP ports come before their load
  // balancer; a request that makes one has ended long before an orphan is old enough.
  const instances = (await compute.list()).filter(({ name }) => OF_INSTANCE.test(name));
  const ports = await network.listPorts(PORT_PREFIX);
  const serverGroups = ((await compute.serverGroups?.('octavia-lb-')) ?? []).flatMap((group) => {
    const loadBalancerId = OF_SERVER_GROUP.exec(group.name)?.[1];
    return loadBalancerId === undefined ? [] : { ...group, loadBalancerId };
  });
  const vipGroups = (await network.listVipGroups?.()) ?? [];
  const amphoraOfInstance = (name: string): string => OF_INSTANCE.exec(name)?.[1] ?? '';
  const amphoraIds = [
    ...instances.map(({ name }) => amphoraOfInstance(name)),
    ...ports.flatMap(({ name }) => OF_AMPHORA.exec(name)?.[1] ?? []),
  ].filter(isId);
  const loadBalancerIds = [
    ...ports.flatMap(({ name }) => OF_LOAD_BALANCER.exec(name)?.[1] ?? []),
    ...[...serverGroups, ...vipGroups].map(({ loadBalancerId }) => loadBalancerId),
  ].filter(isId);
  const [amphorae, loadBalancers, named] = await Promise.all([
    orphans.livingAmphorae(store.db, [...new Set(amphoraIds)]),
    orphans.livingLoadBalancers(store.db, [...new Set(loadBalancerIds)]),
    orphans.namedPorts(
      store.db,
      ports.map((port) => port.id),
    ),
  ]);
  const isOrphan = (port: Port): boolean => {
    if (named.has(port.id)) return false;
    const amphoraId = OF_AMPHORA.exec(port.name)?.[1];
    if (amphoraId !== undefined) {
      const owner = amphorae.get(amphoraId);
      // The management port stands in no row; it belongs to the instance as long as there is one.
      return owner === undefined || (owner.settled && !port.name.startsWith(MANAGEMENT));
    }
    const loadBalancerId = OF_LOAD_BALANCER.exec(port.name)?.[1];
    return loadBalancerId !== undefined && !loadBalancers.has(loadBalancerId);
  };
  const isLost = ({ loadBalancerId }: { loadBalancerId: string }): boolean => !loadBalancers.has(loadBalancerId);
  const suspects: orphans.Suspect[] = [
    ...instances
      .filter(({ name }) => !amphorae.has(amphoraOfInstance(name)))
      .map(({ id, name }) => ({ kind: 'instance' as const, id, name })),
    ...ports.filter(isOrphan).map(({ id, name }) => ({ kind: 'port' as const, id, name })),
    ...vipGroups.filter(isLost).map(({ id, name }) => ({ kind: 'security group' as const, id, name })),
    ...serverGroups.filter(isLost).map(({ id, name }) => ({ kind: 'server group' as const, id, name })),
  ];
  const byId = <T extends { id: string }>(all: readonly T[]) => new Map(all.map((one) => [one.id, one]));
  return {
    suspects,
    things: { ports: byId(ports), vipGroups: byId(vipGroups) },
    total: instances.length + ports.length + vipGroups.length + serverGroups.length,
  };
}

interface Things {
  ports: ReadonlyMap<string, Port>;
  vipGroups: ReadonlyMap<string, VipGroup>;
}

async function remove(
  { compute, network }: OrphanOptions,
  { kind, id }: orphans.Suspect,
  { ports, vipGroups }: Things,
): Promise<void> {
  if (kind === 'instance') return compute.delete(id);
  if (kind === 'server group') return compute.deleteServerGroup?.(id);
  if (kind === 'security group') {
    const group = vipGroups.get(id);
    // All of the name: several came of answers that were lost.
    if (group !== undefined) await network.removeVipGroup?.(group.loadBalancerId, null);
    return;
  }
  const port = ports.get(id);
  if (port?.deviceOwner === 'octavia:member' || port?.deviceOwner === 'octavia:vrrp') {
    await compute.detachPort(port.deviceId, id);
  }
  await network.deletePort(id);
}

/** The duty: what was removed, what would be, what could not be. */
export async function orphanDuty(options: OrphanOptions): Promise<DutyOutcome> {
  const { found, removed, failed, refused } = await collectOrphans(options);
  if (refused !== null) throw new Error(refused);
  if (failed.length > 0) {
    const [first] = failed;
    throw new Error(`${failed.length} orphans could not be removed; ${first?.suspect.name}: ${first?.reason}`);
  }
  if (found.length === 0) return { summary: null };
  const young = found.length - removed.length;
  const waiting = options.dryRun ? 'would be removed after a while' : 'are watched';
  return { summary: `${removed.length} orphans removed, ${young} ${waiting}` };
}
