/** What quotas count, and what each change costs. */

export type QuotaKind = 'loadBalancer' | 'listener' | 'pool' | 'healthMonitor' | 'member' | 'l7policy' | 'l7rule';

interface Counted {
  /** Name of the columns, of the table, and of the column that refers to one. */
  column: string;
  title: string;
  /** What takes it along when it goes. */
  parent: QuotaKind | null;
}

/** In the order in which a create that exceeds several is refused. */
export const QUOTA_KINDS: Record<QuotaKind, Counted> = {
  loadBalancer: { column: 'load_balancer', title: 'Load Balancer', parent: null },
  pool: { column: 'pool', title: 'Pool', parent: 'loadBalancer' },
  healthMonitor: { column: 'health_monitor', title: 'Health Monitor', parent: 'pool' },
  member: { column: 'member', title: 'Member', parent: 'pool' },
  listener: { column: 'listener', title: 'Listener', parent: 'loadBalancer' },
  l7policy: { column: 'l7policy', title: 'L7 Policy', parent: 'listener' },
  l7rule: { column: 'l7rule', title: 'L7 Rule', parent: 'l7policy' },
};

export const KINDS = Object.keys(QUOTA_KINDS) as QuotaKind[];

/** Number of objects of each kind. */
export type QuotaUnits = Partial<Record<QuotaKind, number>>;

/**
 * The objects that a request makes: one, a policy with its rules, the members of a batch, a whole tree. Each counts when the
 * request is accepted, and no longer when it is really gone: then with everything below it (`lineage`).
 */
export type NewObjects = { readonly [K in QuotaKind]?: readonly unknown[] };

/** What new objects take of a quota, or what objects that leave in the same change give back. */
export function unitsOf(objects: NewObjects): QuotaUnits {
  const units: QuotaUnits = {};
  for (const kind of Object.keys(objects) as QuotaKind[]) units[kind] = objects[kind]?.length ?? 0;
  return units;
}

/** What several changes cost together. */
export function sumOf(all: readonly QuotaUnits[]): QuotaUnits {
  const sum: QuotaUnits = {};
  for (const units of all) {
    for (const kind of Object.keys(units) as QuotaKind[]) sum[kind] = (sum[kind] ?? 0) + (units[kind] ?? 0);
  }
  return sum;
}

/** The kind and what it stands below, up to what belongs to a load balancer: `pool`, `member`. Any of them takes it along. */
export function lineage(kind: QuotaKind): QuotaKind[] {
  const { parent } = QUOTA_KINDS[kind];
  return parent === null || parent === 'loadBalancer' ? [kind] : [...lineage(parent), kind];
}

/** -1 = unlimited, null = the default of the deployment. */
export type Limits = Record<QuotaKind, number | null>;

export const UNLIMITED = -1;
export const MAXIMUM_LIMIT = 2_000_000_000;
