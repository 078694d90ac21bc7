import { applyConfiguration } from './steps/apply-configuration.ts';
import { flow } from './version.ts';

export const l7Flows = [
  flow('create_l7policy', 'Adds the policy to its listener.', () => [applyConfiguration]),
  flow('update_l7policy', 'Makes the changed policy the running configuration.', () => [applyConfiguration]),
  flow('delete_l7policy', 'Removes the policy with its rules; the others move up.', () => [applyConfiguration]),
  flow('create_l7rule', 'Adds the rule to its policy.', () => [applyConfiguration]),
  flow('update_l7rule', 'Makes the changed rule the running configuration.', () => [applyConfiguration]),
  flow('delete_l7rule', 'Removes the rule from its policy.', () => [applyConfiguration]),
];
