import type { Config } from '../../config/index.ts';
import { isPresent } from '../../files/optional.ts';
import { type Finding, failure, listing, success, warning } from './check.ts';

/** Operators of OpenStack Octavia come with policies in JSON, which is read no more. */
export function policyFile({ oslo_policy: { policy_file } }: Config): Finding[] {
  const name = 'Policy file';
  if (/\.ya?ml$/.test(policy_file)) {
    return [success(name, isPresent(policy_file) ? policy_file : `${policy_file} (not there: the defaults hold)`)];
  }
  const sentence = `${policy_file} is not YAML`;
  return [policy_file.endsWith('.json') ? warning(name, `${sentence}; convert it.`) : failure(name, `${sentence}.`)];
}

export function options({ warnings }: Config): Finding[] {
  const name = 'Configuration';
  if (warnings.length === 0) return [success(name, 'No option is unknown, renamed or removed')];
  return [warning(name, listing(`${warnings.length} remarks:`, [...warnings]))];
}
