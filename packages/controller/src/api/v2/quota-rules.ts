import type { QuotaKind } from '../../domain/quotas.ts';
import type { QuotaRules } from '../../store/resources/quotas.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** Limits of projects that have none of their own. */
export function defaultLimits({ quotas }: ApiDependencies['config']): Record<QuotaKind, number> {
  return {
    loadBalancer: quotas.default_load_balancer_quota,
    listener: quotas.default_listener_quota,
    pool: quotas.default_pool_quota,
    healthMonitor: quotas.default_health_monitor_quota,
    member: quotas.default_member_quota,
    l7policy: quotas.default_l7policy_quota,
    l7rule: quotas.default_l7rule_quota,
  };
}

/** Without authentication anybody is anybody: what is counted there limits nobody (QU-NOAUTH). */
export function quotaRules({ config, identity }: Pick<ApiDependencies, 'config' | 'identity'>): QuotaRules {
  return { enforced: !identity.trustsEverybody, defaults: defaultLimits(config) };
}
