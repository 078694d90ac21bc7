import type { Argument, Command } from '../command.ts';
import {
  choice,
  clears,
  enabling,
  flag,
  NULLABLE,
  named,
  object,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  wait,
} from './arguments.ts';
import { POOL as kind } from './kinds.ts';

const PROTOCOLS = ['TCP', 'HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'UDP', 'SCTP'];
const ALGORITHMS = ['SOURCE_IP', 'ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP_PORT'];

const one = object('pool', '<pool>', 'Name or id of the pool.', { find: 'pools' });

const persistence = (metavar: string): Argument =>
  option('--session-persistence', metavar, 'What keeps a client on its member: type=…[,cookie_name=…].', {
    as: 'pairs',
  });

const several = (name: string, metavar: string, help: string, field: string, aliases: string[] = []): Argument => ({
  flags: [name],
  dest: field,
  metavar,
  takes: '?',
  action: 'append',
  help: `${help}; repeat it for several.`,
  field,
  aliases,
});

const tls: readonly Argument[] = [
  option('--tls-container-ref', '<container-ref>', 'Reference to certificate and key shown to members.', NULLABLE),
  option('--ca-tls-container-ref', '<ca_tls_container_ref>', 'Reference to the CA of the members.', NULLABLE),
  option(
    '--crl-container-ref',
    '<crl_container_ref>',
    'Reference to the list of revoked certificates of members.',
    NULLABLE,
  ),
  flag('--enable-tls', 'Speak TLS to members.', { group: 'tls', field: 'tls_enabled', sends: true }),
  flag('--disable-tls', 'Do not speak TLS to members.', { group: 'tls', field: 'tls_enabled', sends: false }),
  wait(),
  option('--tls-ciphers', '<tls_ciphers>', 'TLS ciphers, as OpenSSL writes them.'),
  several('--tls-version', '<tls_versions>', 'A version of TLS to speak', 'tls_versions', ['--tls-versions']),
  several('--alpn-protocol', '<alpn_protocols>', 'A protocol to ask for by ALPN', 'alpn_protocols'),
];

export const POOL_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer pool create',
    summary: 'Create a pool.',
    output: 'one',
    does: { verb: 'create', kind },
    oneOf: ['parent'],
    arguments: [
      option('--name', '<name>', 'Name of the pool.'),
      option('--description', '<description>', 'Text for people.'),
      choice('--protocol', PROTOCOLS, 'Protocol that members speak.', { required: true }),
      named('--listener', '<listener>', 'listeners', 'Listener whose default pool it becomes (name or id).', {
        field: 'listener_id',
        group: 'parent',
      }),
      named('--loadbalancer', '<load_balancer>', 'loadbalancers', 'Load balancer that gets it (name or id).', {
        field: 'loadbalancer_id',
        group: 'parent',
      }),
      persistence('<session persistence>'),
      choice('--lb-algorithm', ALGORITHMS, 'How requests are spread over members.', { required: true }),
      ...enabling('the pool', { isDefault: true }),
      ...tls,
      ...tagsOfCreate('pool'),
    ],
  },
  {
    words: 'loadbalancer pool delete',
    summary: 'Delete a pool.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [one, wait()],
  },
  {
    words: 'loadbalancer pool list',
    summary: 'List pools.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [
      named('--loadbalancer', '<loadbalancer>', 'loadbalancers', 'Only those of this load balancer (name or id).', {
        field: 'loadbalancer_id',
      }),
      ...tagFilters('pools'),
    ],
  },
  {
    words: 'loadbalancer pool set',
    summary: 'Change a pool.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      option('--name', '<name>', 'New name.'),
      option('--description', '<description>', 'New text for people.'),
      persistence('<session_persistence>'),
      choice('--lb-algorithm', ALGORITHMS, 'How requests are spread over members.'),
      ...enabling('the pool'),
      ...tls,
      ...tagsOfSet('pool'),
    ],
  },
  {
    words: 'loadbalancer pool show',
    summary: 'Show a pool.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer pool unset',
    summary: 'Clear settings of a pool.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      one,
      clears('--name', 'Clear the name.'),
      clears('--description', 'Clear the description.'),
      clears('--ca-tls-container-ref', 'Take the CA of the members away.'),
      clears('--crl-container-ref', 'Take the list of revoked certificates away.'),
      clears('--session-persistence', 'Keep no client on its member.'),
      clears('--tls-container-ref', 'Take the certificate away.'),
      clears('--tls-versions', 'Back to the default.'),
      clears('--tls-ciphers', 'Back to the default.'),
      wait(),
      clears('--alpn-protocols', 'Back to the default.'),
      ...tagsOfUnset('pool'),
    ],
  },
];
