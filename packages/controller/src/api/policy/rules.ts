/** Every rule of the access policy, with its default. `docs/policy.md` is compared with these tables by a test. */

export type Scope = 'project' | 'system' | 'domain';

export interface NamedRule {
  check: string;
  /** Kinds of tokens the rule is meant for; with `enforce_scope` others are refused where the rule itself is asked. */
  scopes: readonly Scope[];
  /** What the rule said before: grants access as well until `enforce_new_defaults`. */
  deprecated?: string;
}

const define = <T extends Record<string, NamedRule>>(table: T): T => table;

/** Rules that API rules refer to. */
export const NAMED_RULES = define({
  'system-admin': { check: 'role:admin and system_scope:all', scopes: ['system'] },
  'system-reader': { check: 'role:reader and system_scope:all', scopes: ['system'] },
  'project-member': { check: 'role:member and project_id:%(project_id)s', scopes: ['project'] },
  'project-reader': { check: 'role:reader and project_id:%(project_id)s', scopes: ['project'] },
  context_is_admin: {
    check: 'role:load-balancer_admin or rule:system-admin',
    scopes: ['system'],
    deprecated: 'role:admin or role:load-balancer_admin',
  },
  'load-balancer:owner': { check: 'project_id:%(project_id)s', scopes: ['project'] },
  'load-balancer:observer_and_owner': {
    check: 'role:load-balancer_observer and rule:project-reader',
    scopes: ['project'],
    deprecated: 'role:load-balancer_observer and rule:load-balancer:owner',
  },
  'load-balancer:global_observer': {
    check: 'role:load-balancer_global_observer or rule:system-reader',
    scopes: ['system'],
  },
  'load-balancer:member_and_owner': {
    check: 'role:load-balancer_member and rule:project-member',
    scopes: ['project'],
    deprecated: 'role:load-balancer_member and rule:load-balancer:owner',
  },
  'load-balancer:admin': {
    check: 'is_admin:True or role:load-balancer_admin or rule:system-admin',
    scopes: ['system'],
  },
  'load-balancer:read': {
    check:
      'rule:load-balancer:observer_and_owner or rule:load-balancer:global_observer or ' +
      'rule:load-balancer:member_and_owner or rule:load-balancer:admin',
    scopes: ['project', 'system'],
  },
  'load-balancer:read-global': {
    check: 'rule:load-balancer:global_observer or rule:load-balancer:admin',
    scopes: ['system'],
  },
  'load-balancer:write': {
    check: 'rule:load-balancer:member_and_owner or rule:load-balancer:admin',
    scopes: ['project', 'system'],
  },
  'load-balancer:read-quota': {
    check:
      'rule:load-balancer:observer_and_owner or rule:load-balancer:global_observer or ' +
      'rule:load-balancer:member_and_owner or role:load-balancer_quota_admin or rule:load-balancer:admin',
    scopes: ['project', 'system'],
  },
  'load-balancer:read-quota-global': {
    check: 'rule:load-balancer:global_observer or role:load-balancer_quota_admin or rule:load-balancer:admin',
    scopes: ['system'],
  },
  'load-balancer:write-quota': {
    check: 'role:load-balancer_quota_admin or rule:load-balancer:admin',
    scopes: ['system'],
  },
});

type Group =
  | 'read'
  | 'read-or-service'
  | 'read-global'
  | 'write'
  | 'read-quota'
  | 'read-quota-global'
  | 'write-quota'
  | 'admin';

const describe = <T extends Record<string, readonly [group: Group, operation: string, purpose: string]>>(table: T) =>
  table;

/** `<type>:<action>` of an operation → the named rule that decides, the request, what it is for. */
export const API_RULES = describe({
  'loadbalancer:get_all': ['read', 'GET /v2/lbaas/loadbalancers', 'List load balancers of the own project'],
  'loadbalancer:get_all-global': ['read-global', 'GET /v2/lbaas/loadbalancers', 'List load balancers of all projects'],
  'loadbalancer:post': ['write', 'POST /v2/lbaas/loadbalancers', 'Create a load balancer'],
  'loadbalancer:post:vip_sg_ids': [
    'write',
    'POST /v2/lbaas/loadbalancers',
    'Choose the security groups of the VIP of a new load balancer',
  ],
  'loadbalancer:get_one': ['read', 'GET /v2/lbaas/loadbalancers/{loadbalancer_id}', 'Show a load balancer'],
  'loadbalancer:put': ['write', 'PUT /v2/lbaas/loadbalancers/{loadbalancer_id}', 'Update a load balancer'],
  'loadbalancer:put:vip_sg_ids': [
    'write',
    'PUT /v2/lbaas/loadbalancers/{loadbalancer_id}',
    'Change the security groups of the VIP of a load balancer',
  ],
  'loadbalancer:delete': ['write', 'DELETE /v2/lbaas/loadbalancers/{loadbalancer_id}', 'Delete a load balancer'],
  'loadbalancer:get_stats': [
    'read',
    'GET /v2/lbaas/loadbalancers/{loadbalancer_id}/stats',
    'Show the statistics of a load balancer',
  ],
  'loadbalancer:get_status': [
    'read',
    'GET /v2/lbaas/loadbalancers/{loadbalancer_id}/status',
    'Show the status tree of a load balancer',
  ],
  'loadbalancer:put_failover': [
    'admin',
    'PUT /v2/lbaas/loadbalancers/{loadbalancer_id}/failover',
    'Fail over a load balancer',
  ],
  'listener:get_all': ['read', 'GET /v2/lbaas/listeners', 'List listeners of the own project'],
  'listener:get_all-global': ['read-global', 'GET /v2/lbaas/listeners', 'List listeners of all projects'],
  'listener:post': ['write', 'POST /v2/lbaas/listeners', 'Create a listener'],
  'listener:get_one': ['read', 'GET /v2/lbaas/listeners/{listener_id}', 'Show a listener'],
  'listener:put': ['write', 'PUT /v2/lbaas/listeners/{listener_id}', 'Update a listener'],
  'listener:delete': ['write', 'DELETE /v2/lbaas/listeners/{listener_id}', 'Delete a listener'],
  'listener:get_stats': ['read', 'GET /v2/lbaas/listeners/{listener_id}/stats', 'Show the statistics of a listener'],
  'pool:get_all': ['read', 'GET /v2/lbaas/pools', 'List pools of the own project'],
  'pool:get_all-global': ['read-global', 'GET /v2/lbaas/pools', 'List pools of all projects'],
  'pool:post': ['write', 'POST /v2/lbaas/pools', 'Create a pool'],
  'pool:get_one': ['read', 'GET /v2/lbaas/pools/{pool_id}', 'Show a pool'],
  'pool:put': ['write', 'PUT /v2/lbaas/pools/{pool_id}', 'Update a pool'],
  'pool:delete': ['write', 'DELETE /v2/lbaas/pools/{pool_id}', 'Delete a pool'],
  'member:get_all': ['read-or-service', 'GET /v2/lbaas/pools/{pool_id}/members', 'List members of a pool'],
  'member:post': ['write', 'POST /v2/lbaas/pools/{pool_id}/members', 'Create a member'],
  'member:get_one': ['read', 'GET /v2/lbaas/pools/{pool_id}/members/{member_id}', 'Show a member'],
  'member:put': ['write', 'PUT /v2/lbaas/pools/{pool_id}/members/{member_id}', 'Update a member'],
  'member:delete': ['write', 'DELETE /v2/lbaas/pools/{pool_id}/members/{member_id}', 'Delete a member'],
  'healthmonitor:get_all': ['read', 'GET /v2/lbaas/healthmonitors', 'List health monitors of the own project'],
  'healthmonitor:get_all-global': [
    'read-global',
    'GET /v2/lbaas/healthmonitors',
    'List health monitors of all projects',
  ],
  'healthmonitor:post': ['write', 'POST /v2/lbaas/healthmonitors', 'Create a health monitor'],
  'healthmonitor:get_one': ['read', 'GET /v2/lbaas/healthmonitors/{healthmonitor_id}', 'Show a health monitor'],
  'healthmonitor:put': ['write', 'PUT /v2/lbaas/healthmonitors/{healthmonitor_id}', 'Update a health monitor'],
  'healthmonitor:delete': ['write', 'DELETE /v2/lbaas/healthmonitors/{healthmonitor_id}', 'Delete a health monitor'],
  'l7policy:get_all': ['read', 'GET /v2/lbaas/l7policies', 'List L7 policies of the own project'],
  'l7policy:get_all-global': ['read-global', 'GET /v2/lbaas/l7policies', 'List L7 policies of all projects'],
  'l7policy:post': ['write', 'POST /v2/lbaas/l7policies', 'Create an L7 policy'],
  'l7policy:get_one': ['read', 'GET /v2/lbaas/l7policies/{l7policy_id}', 'Show an L7 policy'],
  'l7policy:put': ['write', 'PUT /v2/lbaas/l7policies/{l7policy_id}', 'Update an L7 policy'],
  'l7policy:delete': ['write', 'DELETE /v2/lbaas/l7policies/{l7policy_id}', 'Delete an L7 policy'],
  'l7rule:get_all': ['read', 'GET /v2/lbaas/l7policies/{l7policy_id}/rules', 'List rules of an L7 policy'],
  'l7rule:post': ['write', 'POST /v2/lbaas/l7policies/{l7policy_id}/rules', 'Create an L7 rule'],
  'l7rule:get_one': ['read', 'GET /v2/lbaas/l7policies/{l7policy_id}/rules/{l7rule_id}', 'Show an L7 rule'],
  'l7rule:put': ['write', 'PUT /v2/lbaas/l7policies/{l7policy_id}/rules/{l7rule_id}', 'Update an L7 rule'],
  'l7rule:delete': ['write', 'DELETE /v2/lbaas/l7policies/{l7policy_id}/rules/{l7rule_id}', 'Delete an L7 rule'],
  'quota:get_all': ['read-quota', 'GET /v2/lbaas/quotas', 'List quotas of the own project'],
  'quota:get_all-global': ['read-quota-global', 'GET /v2/lbaas/quotas', 'List quotas of all projects'],
  'quota:get_one': ['read-quota', 'GET /v2/lbaas/quotas/{project_id}', 'Show the quota of a project'],
  'quota:put': ['write-quota', 'PUT /v2/lbaas/quotas/{project_id}', 'Update the quota of a project'],
  'quota:delete': [
    'write-quota',
    'DELETE /v2/lbaas/quotas/{project_id}',
    'Reset the quota of a project to the defaults',
  ],
  'quota:get_defaults': ['read-quota', 'GET /v2/lbaas/quotas/{project_id}/default', 'Show the default quota'],
  'provider:get_all': ['read', 'GET /v2/lbaas/providers', 'List providers'],
  'provider-flavor:get_all': [
    'admin',
    'GET /v2/lbaas/providers/{provider}/flavor_capabilities',
    'List the flavor capabilities of a provider',
  ],
  'provider-availability-zone:get_all': [
    'admin',
    'GET /v2/lbaas/providers/{provider}/availability_zone_capabilities',
    'List the availability zone capabilities of a provider',
  ],
  'flavor:get_all': ['read', 'GET /v2/lbaas/flavors', 'List flavors'],
  'flavor:post': ['admin', 'POST /v2/lbaas/flavors', 'Create a flavor'],
  'flavor:put': ['admin', 'PUT /v2/lbaas/flavors/{flavor_id}', 'Update a flavor'],
  'flavor:get_one': ['read', 'GET /v2/lbaas/flavors/{flavor_id}', 'Show a flavor'],
  'flavor:delete': ['admin', 'DELETE /v2/lbaas/flavors/{flavor_id}', 'Delete a flavor'],
  'flavor-profile:get_all': ['admin', 'GET /v2/lbaas/flavorprofiles', 'List flavor profiles'],
  'flavor-profile:post': ['admin', 'POST /v2/lbaas/flavorprofiles', 'Create a flavor profile'],
  'flavor-profile:put': ['admin', 'PUT /v2/lbaas/flavorprofiles/{flavor_profile_id}', 'Update a flavor profile'],
  'flavor-profile:get_one': ['admin', 'GET /v2/lbaas/flavorprofiles/{flavor_profile_id}', 'Show a flavor profile'],
  'flavor-profile:delete': ['admin', 'DELETE /v2/lbaas/flavorprofiles/{flavor_profile_id}', 'Delete a flavor profile'],
  'availability-zone:get_all': ['read', 'GET /v2/lbaas/availabilityzones', 'List availability zones'],
  'availability-zone:post': ['admin', 'POST /v2/lbaas/availabilityzones', 'Create an availability zone'],
  'availability-zone:put': [
    'admin',
    'PUT /v2/lbaas/availabilityzones/{availability_zone_id}',
    'Update an availability zone',
  ],
  'availability-zone:get_one': [
    'read',
    'GET /v2/lbaas/availabilityzones/{availability_zone_id}',
    'Show an availability zone',
  ],
  'availability-zone:delete': [
    'admin',
    'DELETE /v2/lbaas/availabilityzones/{availability_zone_id}',
    'Delete an availability zone',
  ],
  'availability-zone-profile:get_all': [
    'admin',
    'GET /v2/lbaas/availabilityzoneprofiles',
    'List availability zone profiles',
  ],
  'availability-zone-profile:post': [
    'admin',
    'POST /v2/lbaas/availabilityzoneprofiles',
    'Create an availability zone profile',
  ],
  'availability-zone-profile:put': [
    'admin',
    'PUT /v2/lbaas/availabilityzoneprofiles/{availability_zone_profile_id}',
    'Update an availability zone profile',
  ],
  'availability-zone-profile:get_one': [
    'admin',
    'GET /v2/lbaas/availabilityzoneprofiles/{availability_zone_profile_id}',
    'Show an availability zone profile',
  ],
  'availability-zone-profile:delete': [
    'admin',
    'DELETE /v2/lbaas/availabilityzoneprofiles/{availability_zone_profile_id}',
    'Delete an availability zone profile',
  ],
  'amphora:get_all': ['admin', 'GET /v2/octavia/amphorae', 'List amphorae'],
  'amphora:get_one': ['admin', 'GET /v2/octavia/amphorae/{amphora_id}', 'Show an amphora'],
  'amphora:delete': ['admin', 'DELETE /v2/octavia/amphorae/{amphora_id}', 'Delete an amphora'],
  'amphora:put_config': [
    'admin',
    'PUT /v2/octavia/amphorae/{amphora_id}/config',
    'Push the agent configuration to an amphora',
  ],
  'amphora:put_failover': ['admin', 'PUT /v2/octavia/amphorae/{amphora_id}/failover', 'Fail over an amphora'],
  'amphora:get_stats': ['admin', 'GET /v2/octavia/amphorae/{amphora_id}/stats', 'Show the statistics of an amphora'],
  'event:get_all': ['read', 'GET /v2/octavia/events', 'Hear what happens in the own project'],
  'event:get_all-global': ['read-global', 'GET /v2/octavia/events', 'Hear what happens in all projects'],
});

/** Without the prefix that it has in policy files. */
export type ApiRule = keyof typeof API_RULES;

export const API_PREFIX = 'os_load-balancer_api:';

/** One rule as files and documents know it. */
export interface PolicyRule {
  name: string;
  check: string;
  deprecated?: string;
  /** Empty: every kind of token. */
  scopes: readonly Scope[];
  operation?: string;
  purpose?: string;
}

export const POLICY_RULES: readonly PolicyRule[] = [
  ...Object.entries<NamedRule>(NAMED_RULES).map(([name, rule]) => ({ name, ...rule })),
  ...Object.entries(API_RULES).map(([name, [group, operation, purpose]]) => ({
    name: API_PREFIX + name,
    check: group === 'read-or-service' ? 'rule:load-balancer:read or role:service' : `rule:load-balancer:${group}`,
    scopes: [],
    operation,
    purpose,
  })),
];
