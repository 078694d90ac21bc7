import type { Argument, Command } from '../command.ts';
import {
  clears,
  enabling,
  flag,
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
import { MEMBER as kind } from './kinds.ts';

const pool = object('pool', '<pool>', 'Name or id of the pool.', { find: 'pools' });
const one = object('member', '<member>', 'Name or id of the member.', { find: 'members' });

const backup: readonly Argument[] = [
  flag('--disable-backup', 'It serves all the time (default).', { group: 'backup', field: 'backup', sends: false }),
  flag('--enable-backup', 'It serves only when all others are down.', {
    group: 'backup',
    field: 'backup',
    sends: true,
  }),
];

const monitoring: readonly Argument[] = [
  number('--monitor-port', '<monitor_port>', 'Port for health checks, when it is another one.'),
  option('--monitor-address', '<monitor_address>', 'Address for health checks, when it is another one.'),
];

export const MEMBER_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer member create',
    summary: 'Create a member in a pool.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      pool,
      option('--name', '<name>', 'Name of the member.'),
      ...backup,
      number('--weight', '<weight>', 'Its share of the requests against that of others, 0 to 256.'),
      option('--address', '<ip_address>', 'IP address of the server.', { required: true }),
      named('--subnet-id', '<subnet_id>', 'subnets', 'Subnet from which it is reached (name or id).'),
      number('--protocol-port', '<protocol_port>', 'Port of the server.', {
        required: true,
        aliases: ['--protocol_port'],
      }),
      ...monitoring,
      ...enabling('the member'),
      wait(),
      ...tagsOfCreate('member'),
      flag('--request-sriov', 'Ask for a port with SR-IOV.', { newer: true, field: 'request_sriov', sends: true }),
    ],
  },
  {
    words: 'loadbalancer member delete',
    summary: 'Delete a member of a pool.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [pool, one, wait()],
  },
  {
    words: 'loadbalancer member list',
    summary: 'List the members of a pool.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [pool, ...tagFilters('members')],
  },
  {
    words: 'loadbalancer member set',
    summary: 'Change a member.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      pool,
      one,
      option('--name', '<name>', 'New name.'),
      ...backup,
      number('--weight', '<weight>', 'Its share of the requests against that of others, 0 to 256.'),
      ...monitoring,
      ...enabling('the member'),
      wait(),
      ...tagsOfSet('member'),
    ],
  },
  {
    words: 'loadbalancer member show',
    summary: 'Show a member.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [pool, one],
  },
  {
    words: 'loadbalancer member unset',
    summary: 'Clear settings of a member.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      pool,
      one,
      clears('--backup', 'It serves all the time.'),
      clears('--monitor-address', 'Health checks go to its own address.'),
      clears('--monitor-port', 'Health checks go to its own port.'),
      clears('--name', 'Clear the name.'),
      clears('--weight', 'Back to the default.'),
      wait(),
      ...tagsOfUnset('member'),
    ],
  },
];
