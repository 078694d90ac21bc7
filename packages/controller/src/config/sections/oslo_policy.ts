import { bool, section, string } from '../option.ts';

export const oslo_policy = section('Access policies.', {
  policy_file: string(
    'policy.yaml',
    'Policy file (YAML) with rules that replace the built-in ones; below /etc/octavia unless the path is absolute.',
  ),
  enforce_scope: bool(false, 'Require the token scope a rule names.'),
  enforce_new_defaults: bool(false, 'Ignore the deprecated form of a rule.'),
});
