/** Quotas, providers and amphorae. */
import type { Argument, Command } from '../command.ts';
import { choice, clears, flag, named, object, ofLoadBalancer, option, wait } from './arguments.ts';
import { AMPHORA, PROVIDER, PROVIDER_CAPABILITY, QUOTA } from './kinds.ts';

const project = object('project', '<project>', 'Name or id of the project.', { find: 'projects' });

const limit = (name: string, dest: string, noun: string): Argument =>
  option(name, `<${dest}>`, `How many ${noun} the project may have; -1 is no limit.`, { dest, field: dest, as: 'int' });

const LIMITS: readonly Argument[] = [
  limit('--healthmonitor', 'health_monitor', 'health monitors'),
  limit('--listener', 'listener', 'listeners'),
  limit('--loadbalancer', 'load_balancer', 'load balancers'),
  limit('--member', 'member', 'members'),
  limit('--pool', 'pool', 'pools'),
  limit('--l7policy', 'l7policy', 'L7 policies'),
  limit('--l7rule', 'l7rule', 'L7 rules'),
];

const reset = (name: string, field: string): Argument => clears(name, 'Back to the default.', { field });

export const QUOTA_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer quota defaults show',
    summary: 'Show the limits of projects without limits of their own.',
    output: 'one',
    does: { verb: 'defaults', kind: QUOTA },
    arguments: [],
  },
  {
    words: 'loadbalancer quota list',
    summary: 'List projects with limits of their own.',
    output: 'list',
    does: { verb: 'list', kind: QUOTA },
    arguments: [
      named('--project', '<project-id>', 'projects', 'Only this project (name or id).', { field: 'project_id' }),
    ],
  },
  {
    words: 'loadbalancer quota reset',
    summary: 'Set all limits of a project back to the defaults.',
    output: 'text',
    does: { verb: 'reset', kind: QUOTA },
    arguments: [project],
  },
  {
    words: 'loadbalancer quota set',
    summary: 'Set limits of a project.',
    output: 'one',
    does: { verb: 'set', kind: QUOTA },
    arguments: [...LIMITS, project],
  },
  {
    words: 'loadbalancer quota show',
    summary: 'Show the limits of a project.',
    output: 'one',
    does: { verb: 'show', kind: QUOTA },
    arguments: [project],
  },
  {
    words: 'loadbalancer quota unset',
    summary: 'Set some limits of a project back to the defaults.',
    output: 'text',
    does: { verb: 'unset', kind: QUOTA },
    arguments: [
      project,
      reset('--loadbalancer', 'load_balancer'),
      reset('--listener', 'listener'),
      reset('--pool', 'pool'),
      reset('--member', 'member'),
      reset('--healthmonitor', 'health_monitor'),
      reset('--l7policy', 'l7policy'),
      reset('--l7rule', 'l7rule'),
    ],
  },
];

export const PROVIDER_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer provider capability list',
    summary: 'List what flavors and availability zones of a provider may say.',
    output: 'list',
    does: { verb: 'capabilities', kind: PROVIDER_CAPABILITY },
    arguments: [
      object('provider', '<provider_name>', 'Name of the provider.'),
      flag('--flavor', 'Only what flavors may say.', { group: 'type' }),
      flag('--availability-zone', 'Only what availability zones may say.', { group: 'type' }),
    ],
  },
  {
    words: 'loadbalancer provider list',
    summary: 'List the enabled providers.',
    output: 'list',
    does: { verb: 'list', kind: PROVIDER },
    arguments: [],
  },
];

const ROLES = ['BACKUP', 'MASTER', 'STANDALONE'];
const STATUSES = ['ALLOCATED', 'BOOTING', 'DELETED', 'ERROR', 'PENDING_CREATE', 'PENDING_DELETE', 'READY'];

const amphora = object('amphora_id', '<amphora-id>', 'Id of the amphora.', { find: 'amphorae' });

export const AMPHORA_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer amphora configure',
    summary: 'Have the agent of an amphora read its configuration again.',
    output: 'text',
    does: { verb: 'configure', kind: AMPHORA },
    arguments: [amphora, wait()],
  },
  {
    words: 'loadbalancer amphora delete',
    summary: 'Delete an amphora that serves nothing.',
    output: 'text',
    does: { verb: 'delete', kind: AMPHORA },
    arguments: [amphora, wait()],
  },
  {
    words: 'loadbalancer amphora failover',
    summary: 'Replace an amphora.',
    output: 'text',
    does: { verb: 'failover', kind: AMPHORA },
    arguments: [amphora, wait()],
  },
  {
    words: 'loadbalancer amphora list',
    summary: 'List amphorae.',
    output: 'list',
    does: { verb: 'list', kind: AMPHORA },
    arguments: [
      ofLoadBalancer(),
      option('--compute-id', '<compute-id>', 'Only the one that is this instance.'),
      choice('--role', ROLES, 'Only those in this role.'),
      choice('--status', [...STATUSES, 'FAILOVER_STOPPED'], 'Only those in this status.', {
        flags: ['--status', '--provisioning-status'],
        metavar: `{${STATUSES.join(',')}}`,
      }),
      flag('--long', 'Show more columns.'),
      option('--image-id', '<image-id>', 'Only those of this image.', { newer: true }),
    ],
  },
  {
    words: 'loadbalancer amphora show',
    summary: 'Show an amphora.',
    output: 'one',
    does: { verb: 'show', kind: AMPHORA },
    arguments: [amphora],
  },
  {
    words: 'loadbalancer amphora stats show',
    summary: 'Show what an amphora counted.',
    output: 'one',
    does: { verb: 'stats', kind: AMPHORA },
    arguments: [
      named('--listener', '<listener>', 'listeners', 'Only what this listener counted (name or id).'),
      amphora,
    ],
  },
];
