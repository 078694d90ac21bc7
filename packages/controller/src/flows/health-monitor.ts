import { applyConfiguration } from './steps/apply-configuration.ts';
import { flow } from './version.ts';

export const healthMonitorFlows = [
  flow('create_health_monitor', 'Begins to check the members of the pool.', () => [applyConfiguration]),
  flow('update_health_monitor', 'Checks the members of the pool as changed.', () => [applyConfiguration]),
  flow('delete_health_monitor', 'Ends the checks; members have no monitored status any more.', () => [
    applyConfiguration,
  ]),
];
