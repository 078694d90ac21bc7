/** Quotas (API contract §13.1). Each limit is accepted and served under every name that clients know it by. */
import { MAXIMUM_LIMIT, UNLIMITED } from '../../domain/quotas.ts';
import type { ProjectQuota } from '../../store/resources/quota-limits.ts';
import { responder } from './response.ts';
import { integer, text } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

const limit = {
  type: integer(UNLIMITED, MAXIMUM_LIMIT),
  accepted: 'create and update',
  nullOnUpdate: 'clear',
  // What holds for one project is known; a list shows what was set for it.
  nullable: false,
  description: '-1: unlimited; null: the default of the deployment.',
} as const;

export const QUOTA = {
  loadBalancer: { ...limit, name: 'loadbalancer', aliases: ['load_balancer'], aliasShown: true },
  listener: limit,
  pool: limit,
  healthMonitor: { ...limit, name: 'healthmonitor', aliases: ['health_monitor'], aliasShown: true },
  member: limit,
  l7policy: limit,
  l7rule: limit,
} as const satisfies AttributeTable;

const listed = { ...limit, nullable: true } as const;
/** A filter only. */
const inUse = { type: integer(0), accepted: 'never', serve: null } as const;

/** Lists say whose quota it is. */
export const LISTED_QUOTA = {
  loadBalancer: { ...QUOTA.loadBalancer, nullable: true },
  listener: listed,
  pool: listed,
  healthMonitor: { ...QUOTA.healthMonitor, nullable: true },
  member: listed,
  l7policy: listed,
  l7rule: listed,
  inUseLoadBalancer: inUse,
  inUseListener: inUse,
  inUsePool: inUse,
  inUseHealthMonitor: inUse,
  inUseMember: inUse,
  inUseL7policy: inUse,
  inUseL7rule: inUse,
  id: { type: text({ max: 255 }), name: 'project_id', aliases: ['tenant_id'], aliasShown: true, accepted: 'never' },
} as const satisfies AttributeTable;

export const QUOTA_ENVELOPE = { argument: 'quotas', wrapper: 'quota' };
export const quotaResponse = responder<Omit<ProjectQuota, 'id'>, null>(QUOTA);
export const listedQuotaResponse = responder<ProjectQuota, null>(LISTED_QUOTA);
