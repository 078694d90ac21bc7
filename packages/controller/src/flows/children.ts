/** Flows of what stands below a load balancer: each brings the whole tree into force. */
import type { Flow, Step } from './flow.ts';
import { applyConfiguration } from './steps/apply-configuration.ts';
import { plugNetworksOfNewMembers, unplugMemberNetworks } from './steps/plug-member-networks.ts';
import { applyPortPolicies } from './steps/vip-port.ts';
import { flow } from './version.ts';

export const listenerFlows = [
  flow('create_listener', 'Opens the listener on every amphora.', () => [applyConfiguration]),
  flow('update_listener', 'Makes the changed listener the running configuration.', () => [applyConfiguration]),
  flow('delete_listener', 'Closes the listener; its policies and rules go with it.', () => [applyConfiguration]),
];

export const poolFlows = [
  flow('create_pool', 'Adds the pool where a listener or policy uses it.', () => [applyConfiguration]),
  flow('update_pool', 'Makes the changed pool the running configuration.', () => [applyConfiguration]),
  flow('delete_pool', 'Removes the pool, then the networks that only its members needed.', () => [
    applyConfiguration,
    unplugMemberNetworks,
  ]),
];

/** Networks come before the configuration names members on them, and go after it does not. */
const withNetworks: Step[] = [plugNetworksOfNewMembers, applyConfiguration, unplugMemberNetworks];

export const memberFlows = [
  flow('create_member', 'Reaches the network of the member, then adds it.', () => withNetworks),
  flow('update_member', 'Makes the changed member the running configuration.', () => [applyConfiguration]),
  flow('delete_member', 'Removes the member, then its network when no other needs it.', () => withNetworks),
  flow('batch_update_members', 'Adds, changes and removes the members of a pool at once.', () => withNetworks),
];

/** What a desired state changes may be anything below the load balancer, and attributes of its own. */
export const desiredStateFlows: Flow[] = [
  {
    ...flow('apply_desired_state', 'Brings everything that a desired state changes into force at once.', () => [
      applyPortPolicies,
      ...withNetworks,
    ]),
    announces: 'update',
  },
];

export const healthMonitorFlows = [
  flow('create_health_monitor', 'Begins to check the members of the pool.', () => [applyConfiguration]),
  flow('update_health_monitor', 'Checks the members of the pool as changed.', () => [applyConfiguration]),
  flow('delete_health_monitor', 'Ends the checks; members have no monitored status any more.', () => [
    applyConfiguration,
  ]),
];

export const l7Flows = [
  flow('create_l7policy', 'Adds the policy to its listener.', () => [applyConfiguration]),
  flow('update_l7policy', 'Makes the changed policy the running configuration.', () => [applyConfiguration]),
  flow('delete_l7policy', 'Removes the policy with its rules; the others move up.', () => [applyConfiguration]),
  flow('create_l7rule', 'Adds the rule to its policy.', () => [applyConfiguration]),
  flow('update_l7rule', 'Makes the changed rule the running configuration.', () => [applyConfiguration]),
  flow('delete_l7rule', 'Removes the rule from its policy.', () => [applyConfiguration]),
];
