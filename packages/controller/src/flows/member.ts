import type { Step } from './flow.ts';
import { applyConfiguration } from './steps/apply-configuration.ts';
import { plugNetworksOfNewMembers, unplugMemberNetworks } from './steps/plug-member-networks.ts';
import { flow } from './version.ts';

/** Networks come before the configuration names members on them, and go after it does not. */
const withNetworks: Step[] = [plugNetworksOfNewMembers, applyConfiguration, unplugMemberNetworks];

export const memberFlows = [
  flow('create_member', 'Reaches the network of the member, then adds it.', () => withNetworks),
  flow('update_member', 'Makes the changed member the running configuration.', () => [applyConfiguration]),
  flow('delete_member', 'Removes the member, then its network when no other needs it.', () => withNetworks),
  flow('batch_update_members', 'Adds, changes and removes the members of a pool at once.', () => withNetworks),
];
