import type { Argument, Command } from '../command.ts';
import {
  choice,
  clears,
  enabling,
  flag,
  object,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  wait,
} from './arguments.ts';
import { L7_RULE as kind } from './kinds.ts';

const COMPARE_TYPES = ['REGEX', 'EQUAL_TO', 'CONTAINS', 'ENDS_WITH', 'STARTS_WITH'];
const TYPES = [
  'FILE_TYPE',
  'PATH',
  'COOKIE',
  'HOST_NAME',
  'HEADER',
  'SSL_CONN_HAS_CERT',
  'SSL_VERIFY_RESULT',
  'SSL_DN_FIELD',
];

const policy = object('l7policy', '<l7policy>', 'Name or id of the L7 policy.', { find: 'l7policies' });
const one = object('l7rule', '<l7rule_id>', 'Id of the L7 rule.', { find: 'l7rules' });
const compareType = choice('--compare-type', COMPARE_TYPES, 'How the value is compared.');
const invert = flag('--invert', 'The rule matches what the value does not.', { field: 'invert', sends: true });
const value = option('--value', '<value>', 'What is compared with.');
const key = option('--key', '<key>', 'Name of the header, cookie or field.');
const type = choice('--type', TYPES, 'What of the request is compared.');

const common = (required: boolean): Argument[] => {
  const needed = required ? { required: true as const } : {};
  return [{ ...compareType, ...needed }, invert, { ...value, ...needed }, key, { ...type, ...needed }];
};

export const L7_RULE_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer l7rule create',
    summary: 'Create an L7 rule in an L7 policy.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      policy,
      ...common(true),
      ...enabling('the L7 rule', { isDefault: true }),
      wait(),
      ...tagsOfCreate('L7 rule'),
    ],
  },
  {
    words: 'loadbalancer l7rule delete',
    summary: 'Delete an L7 rule.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [policy, { ...one, metavar: '<rule_id>' }, wait()],
  },
  {
    words: 'loadbalancer l7rule list',
    summary: 'List the L7 rules of an L7 policy.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [policy, ...tagFilters('L7 rules')],
  },
  {
    words: 'loadbalancer l7rule set',
    summary: 'Change an L7 rule.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [policy, one, ...common(false), ...enabling('the L7 rule'), wait(), ...tagsOfSet('L7 rule')],
  },
  {
    words: 'loadbalancer l7rule show',
    summary: 'Show an L7 rule.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [policy, one],
  },
  {
    words: 'loadbalancer l7rule unset',
    summary: 'Clear settings of an L7 rule.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      policy,
      { ...one, dest: 'l7rule_id' },
      clears('--invert', 'The rule matches what the value does.'),
      clears('--key', 'Clear the key.'),
      wait(),
      ...tagsOfUnset('L7 rule'),
    ],
  },
];
