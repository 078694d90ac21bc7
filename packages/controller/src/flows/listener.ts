import { applyConfiguration } from './steps/apply-configuration.ts';
import { flow } from './version.ts';

export const listenerFlows = [
  flow('create_listener', 'Opens the listener on every amphora.', () => [applyConfiguration]),
  flow('update_listener', 'Makes the changed listener the running configuration.', () => [applyConfiguration]),
  flow('delete_listener', 'Closes the listener; its policies and rules go with it.', () => [applyConfiguration]),
];
