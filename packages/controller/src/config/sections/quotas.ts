import { int, section } from '../option.ts';

export const quotas = section('Quota of projects that have none of their own; -1 is unlimited.', {
  default_load_balancer_quota: int(-1, 'Default load balancers per project; -1 unlimited.', { min: -1 }),
  default_listener_quota: int(-1, 'Default listeners per project; -1 unlimited.', { min: -1 }),
  default_member_quota: int(-1, 'Default members per project; -1 unlimited.', { min: -1 }),
  default_pool_quota: int(-1, 'Default pools per project; -1 unlimited.', { min: -1 }),
  default_health_monitor_quota: int(-1, 'Default health monitors per project; -1 unlimited.', { min: -1 }),
  default_l7policy_quota: int(-1, 'Default L7 policies per project; -1 unlimited.', { min: -1 }),
  default_l7rule_quota: int(-1, 'Default L7 rules per project; -1 unlimited.', { min: -1 }),
});
