import type { Argument, Command } from '../command.ts';
import {
  backToDefault,
  choice,
  clears,
  enabling,
  number,
  object,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  wait,
} from './arguments.ts';
import { HEALTH_MONITOR as kind } from './kinds.ts';

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE'];
const TYPES = ['PING', 'HTTP', 'TCP', 'HTTPS', 'TLS-HELLO', 'UDP-CONNECT', 'SCTP'];
/** What the API takes; python-octaviaclient offers 9. */
const RETRIES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const one = object('health_monitor', '<health_monitor>', 'Name or id of the health monitor.', {
  find: 'healthmonitors',
});
const name = option('--name', '<name>', 'Name of the health monitor.');
const delay = option('--delay', '<delay>', 'Seconds between two checks.', { as: 'int' });
const timeout = option('--timeout', '<timeout>', 'Seconds a check may take; less than the delay.', { as: 'int' });
const retries = number('--max-retries', '<max_retries>', 'Good checks after which a member is ONLINE.', {
  choices: RETRIES,
});
const retriesDown = number('--max-retries-down', '<max_retries_down>', 'Bad checks after which a member is in ERROR.', {
  choices: RETRIES,
});
const path = option('--url-path', '<url_path>', 'Path that is asked for.');

const http: readonly Argument[] = [
  option('--domain-name', '<domain_name>', 'Host header of the check.'),
  option('--expected-codes', '<codes>', 'Status codes of a good answer: 200, 200-204 or 200,201.'),
  choice('--http-method', METHODS, 'Method of the request.'),
  option('--http-version', '<http_version>', 'Version of HTTP, 1.0 or 1.1.', { type: 'float', choices: [1.0, 1.1] }),
];

export const HEALTH_MONITOR_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer healthmonitor create',
    summary: 'Create a health monitor for a pool.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      object('pool', '<pool>', 'Pool whose members it checks (name or id).', { find: 'pools', field: 'pool_id' }),
      name,
      { ...delay, required: true },
      ...http,
      { ...timeout, required: true },
      { ...retries, required: true },
      path,
      choice('--type', TYPES, 'Kind of check.', { required: true }),
      retriesDown,
      ...enabling('the health monitor', { isDefault: true }),
      wait(),
      ...tagsOfCreate('health monitor'),
    ],
  },
  {
    words: 'loadbalancer healthmonitor delete',
    summary: 'Delete a health monitor.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [one, wait()],
  },
  {
    words: 'loadbalancer healthmonitor list',
    summary: 'List health monitors.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: tagFilters('health monitors'),
  },
  {
    words: 'loadbalancer healthmonitor set',
    summary: 'Change a health monitor.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      name,
      delay,
      ...http,
      timeout,
      retries,
      retriesDown,
      path,
      ...enabling('the health monitor'),
      wait(),
      ...tagsOfSet('health monitor'),
    ],
  },
  {
    words: 'loadbalancer healthmonitor show',
    summary: 'Show a health monitor.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer healthmonitor unset',
    summary: 'Clear settings of a health monitor.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      one,
      clears('--domain-name', 'Send no Host header of its own.'),
      ...backToDefault(['--expected-codes', '--http-method', '--http-version', '--max-retries-down']),
      clears('--name', 'Clear the name.'),
      clears('--url-path', 'Back to the default.'),
      wait(),
      ...tagsOfUnset('health monitor'),
    ],
  },
];
