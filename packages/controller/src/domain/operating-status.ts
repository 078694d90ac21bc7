/** From what an amphora reports to operating statuses. Pure. Rules: API contract, "State machine", SM-OPER-*. */
import type { OperatingStatus, ProvisioningStatus } from './statuses.ts';

/** The part of the stored tree the roll-up needs. */
export interface ExpectedTree {
  loadBalancer: {
    id: string;
    adminStateUp: boolean;
    provisioningStatus: ProvisioningStatus;
    operatingStatus: OperatingStatus;
  };
  listeners: ExpectedListener[];
  pools: ExpectedPool[];
  members: ExpectedMember[];
}

interface Expected {
  id: string;
  adminStateUp: boolean;
  provisioningStatus: ProvisioningStatus;
  operatingStatus: OperatingStatus;
}
type ExpectedListener = Expected;
type ExpectedPool = Expected;
interface ExpectedMember extends Expected {
  poolId: string;
}

/** What one heartbeat says, keyed as on the wire (`<pool>:<listener>` for pools). */
export interface Report {
  listeners: Record<string, { status: string }>;
  pools: Record<string, { status: string; members: Record<string, string>; checks?: Record<string, string> }>;
}

export interface StatusChange {
  kind: 'load_balancer' | 'listener' | 'pool' | 'member';
  id: string;
  operatingStatus: OperatingStatus;
  /** Of a member that is down: what its last check said. */
  reason?: string;
}

/** Worst last. */
const SEVERITY: OperatingStatus[] = ['ONLINE', 'DEGRADED', 'ERROR'];
const worst = (a: OperatingStatus, b: OperatingStatus): OperatingStatus =>
  SEVERITY.indexOf(b) > SEVERITY.indexOf(a) ? b : a;

/** Other words are passed over, whatever they are. */
const MEMBER_STATUS = new Map<string, OperatingStatus>([
  ['UP', 'ONLINE'],
  ['DOWN', 'ERROR'],
  ['DRAIN', 'DRAINING'],
  ['MAINT', 'OFFLINE'],
  ['no check', 'NO_MONITOR'],
]);

/** Statuses that differ from the stored ones. */
export function statusChanges(tree: ExpectedTree, report: Report): StatusChange[] {
  const changes: StatusChange[] = [];
  const note = (kind: StatusChange['kind'], object: Expected, operatingStatus: OperatingStatus) => {
    if (operatingStatus !== object.operatingStatus) changes.push({ kind, id: object.id, operatingStatus });
  };
  const { loadBalancer } = tree;
  let overall: OperatingStatus = 'ONLINE';

  for (const listener of tree.listeners) {
    const status = listenerStatus(listener, report.listeners[listener.id]?.status, loadBalancer);
    if (status !== 'OFFLINE') overall = worst(overall, status);
    note('listener', listener, status);
  }

  const reports = reportsByPool(report);
  for (const pool of tree.pools) {
    const status = poolStatus(pool, reports.get(pool.id) ?? []);
    if (status !== 'OFFLINE') overall = worst(overall, status);
    note('pool', pool, status);
  }
  for (const member of tree.members) {
    const entries = reports.get(member.poolId) ?? [];
    const status = memberStatus(
      member,
      entries.flatMap((entry) => entry.members[member.id] ?? []),
    );
    if (status === member.operatingStatus) continue;
    const reason =
      status === 'ERROR' ? entries.find(({ checks }) => checks?.[member.id])?.checks?.[member.id] : undefined;
    changes.push({
      kind: 'member',
      id: member.id,
      operatingStatus: status,
      ...(reason === undefined ? {} : { reason }),
    });
  }
  note('load_balancer', loadBalancer, loadBalancer.adminStateUp ? overall : 'OFFLINE');
  return changes;
}

function listenerStatus(
  listener: ExpectedListener,
  word: string | undefined,
  loadBalancer: ExpectedTree['loadBalancer'],
): OperatingStatus {
  if (!listener.adminStateUp || !loadBalancer.adminStateUp) return 'OFFLINE';
  if (word === 'OPEN') return 'ONLINE';
  if (word === 'FULL') return 'DEGRADED';
  // While a change runs the amphora may rightly not know the listener yet. One whose change was refused serves as before
  // on the amphora that had it, and is missing on a new one.
  const settled =
    loadBalancer.provisioningStatus === 'ACTIVE' && ['ACTIVE', 'ERROR'].includes(listener.provisioningStatus);
  return settled ? 'ERROR' : listener.operatingStatus;
}

/** A pool may be reported once per listener that uses it. */
function reportsByPool(report: Report): Map<string, Report['pools'][string][]> {
  const byPool = new Map<string, Report['pools'][string][]>();
  for (const [key, entry] of Object.entries(report.pools)) {
    const poolId = key.split(':')[0] ?? key;
    byPool.set(poolId, [...(byPool.get(poolId) ?? []), entry]);
  }
  return byPool;
}

function poolStatus(pool: ExpectedPool, entries: Report['pools'][string][]): OperatingStatus {
  if (!pool.adminStateUp || entries.length === 0) return 'OFFLINE';
  let status: OperatingStatus = 'ONLINE';
  for (const entry of entries) {
    if (entry.status === 'DOWN') status = worst(status, 'ERROR');
    else if (Object.values(entry.members).includes('DOWN')) status = worst(status, 'DEGRADED');
  }
  return status;
}

function memberStatus(member: ExpectedMember, words: string[]): OperatingStatus {
  if (!member.adminStateUp) return 'OFFLINE';
  // A member that one listener's backend reaches is up; the words differ only for a moment.
  const known = words.flatMap((word) => MEMBER_STATUS.get(word) ?? []);
  if (known.includes('ONLINE')) return 'ONLINE';
  return known[0] ?? member.operatingStatus;
}
