import { applyConfiguration } from './steps/apply-configuration.ts';
import { unplugMemberNetworks } from './steps/plug-member-networks.ts';
import { flow } from './version.ts';

export const poolFlows = [
  flow('create_pool', 'Adds the pool where a listener or policy uses it.', () => [applyConfiguration]),
  flow('update_pool', 'Makes the changed pool the running configuration.', () => [applyConfiguration]),
  flow('delete_pool', 'Removes the pool, then the networks that only its members needed.', () => [
    applyConfiguration,
    unplugMemberNetworks,
  ]),
];
