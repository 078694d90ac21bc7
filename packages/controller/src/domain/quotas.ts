/** What quotas count. */

export type QuotaKind = 'loadBalancer' | 'listener' | 'pool' | 'healthMonitor' | 'member' | 'l7policy' | 'l7rule';

/** In the order in which a create that exceeds several is refused. */
export const QUOTA_KINDS: Record<QuotaKind, { column: string; title: string }> = {
  loadBalancer: { column: 'load_balancer', title: 'Load Balancer' },
  pool: { column: 'pool', title: 'Pool' },
  healthMonitor: { column: 'health_monitor', title: 'Health Monitor' },
  member: { column: 'member', title: 'Member' },
  listener: { column: 'listener', title: 'Listener' },
  l7policy: { column: 'l7policy', title: 'L7 Policy' },
  l7rule: { column: 'l7rule', title: 'L7 Rule' },
};

/** Objects of each kind. */
export type QuotaUnits = Partial<Record<QuotaKind, number>>;

/** -1 = unlimited, null = the default of the deployment. */
export type Limits = Record<QuotaKind, number | null>;

export const UNLIMITED = -1;
export const MAXIMUM_LIMIT = 2_000_000_000;
