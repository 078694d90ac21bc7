import type { Argument, Command } from '../command.ts';
import {
  choice,
  clears,
  enabling,
  labelOfCreate,
  labelOfSet,
  named,
  number,
  object,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  wait,
} from './arguments.ts';
import { L7_POLICY as kind } from './kinds.ts';

const ACTIONS = ['REDIRECT_TO_URL', 'REDIRECT_TO_POOL', 'REDIRECT_PREFIX', 'REJECT'];

const one = object('l7policy', '<policy>', 'Name or id of the L7 policy.', { find: 'l7policies' });
const action = choice('--action', ACTIONS, 'What happens to a request that all rules match.');

const target: readonly Argument[] = [
  named('--redirect-pool', '<pool>', 'pools', 'Pool that gets the request (name or id).', {
    field: 'redirect_pool_id',
    group: 'redirect',
  }),
  option('--redirect-url', '<url>', 'URL that the client is sent to.', { group: 'redirect' }),
  option('--redirect-prefix', '<url>', 'URL before the path of the request, which the client is sent to.', {
    group: 'redirect',
  }),
  number('--redirect-http-code', '<redirect_http_code>', 'Status code of the redirection.', {
    choices: [301, 302, 303, 307, 308],
  }),
  number('--position', '<position>', 'Its place among the policies of the listener; 1 is the first.'),
];

export const L7_POLICY_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer l7policy create',
    summary: 'Create an L7 policy on a listener.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      object('listener', '<listener>', 'Listener that gets it (name or id).', {
        find: 'listeners',
        field: 'listener_id',
      }),
      ...labelOfCreate('L7 policy'),
      { ...action, required: true },
      ...target,
      ...enabling('the L7 policy', { isDefault: true }),
      wait(),
      ...tagsOfCreate('L7 policy'),
    ],
  },
  {
    words: 'loadbalancer l7policy delete',
    summary: 'Delete an L7 policy.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [one, wait()],
  },
  {
    words: 'loadbalancer l7policy list',
    summary: 'List L7 policies.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [
      named('--listener', 'LISTENER', 'listeners', 'Only those of this listener (name or id).', {
        field: 'listener_id',
      }),
      ...tagFilters('L7 policies'),
    ],
  },
  {
    words: 'loadbalancer l7policy set',
    summary: 'Change an L7 policy.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      ...labelOfSet(),
      action,
      ...target,
      ...enabling('the L7 policy'),
      wait(),
      ...tagsOfSet('L7 policy'),
    ],
  },
  {
    words: 'loadbalancer l7policy show',
    summary: 'Show an L7 policy.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer l7policy unset',
    summary: 'Clear settings of an L7 policy.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      one,
      clears('--description', 'Clear the description.'),
      clears('--name', 'Clear the name.'),
      clears('--redirect-http-code', 'Back to the default.'),
      wait(),
      ...tagsOfUnset('L7 policy'),
    ],
  },
];
