/** Every command, in the order of the reference page. */
import type { Command } from '../command.ts';
import { AMPHORA_COMMANDS, PROVIDER_COMMANDS, QUOTA_COMMANDS } from './administration.ts';
import { DESIRED_STATE_COMMANDS } from './desired-state.ts';
import {
  AVAILABILITY_ZONE_COMMANDS,
  AVAILABILITY_ZONE_PROFILE_COMMANDS,
  FLAVOR_COMMANDS,
  FLAVOR_PROFILE_COMMANDS,
} from './flavor.ts';
import { HEALTH_MONITOR_COMMANDS } from './health-monitor.ts';
import { L7_POLICY_COMMANDS } from './l7-policy.ts';
import { L7_RULE_COMMANDS } from './l7-rule.ts';
import { LISTENER_COMMANDS } from './listener.ts';
import { LOAD_BALANCER_COMMANDS } from './load-balancer.ts';
import { MEMBER_COMMANDS } from './member.ts';
import { OPERATOR_COMMANDS } from './operator.ts';
import { OWN_COMMANDS } from './own.ts';
import { POOL_COMMANDS } from './pool.ts';

/** `loadbalancer …`, as of the `openstack` program. */
export const LOADBALANCER_COMMANDS: readonly Command[] = [
  ...LOAD_BALANCER_COMMANDS,
  ...LISTENER_COMMANDS,
  ...POOL_COMMANDS,
  ...MEMBER_COMMANDS,
  ...HEALTH_MONITOR_COMMANDS,
  ...L7_POLICY_COMMANDS,
  ...L7_RULE_COMMANDS,
  ...QUOTA_COMMANDS,
  ...PROVIDER_COMMANDS,
  ...FLAVOR_COMMANDS,
  ...FLAVOR_PROFILE_COMMANDS,
  ...AVAILABILITY_ZONE_COMMANDS,
  ...AVAILABILITY_ZONE_PROFILE_COMMANDS,
  ...AMPHORA_COMMANDS,
];

export const COMMANDS: readonly Command[] = [
  ...LOADBALANCER_COMMANDS,
  ...DESIRED_STATE_COMMANDS,
  ...OWN_COMMANDS,
  ...OPERATOR_COMMANDS,
];
