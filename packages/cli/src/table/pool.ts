import type { Argument, Command } from '../command.ts';
import {
  backToDefault,
  choice,
  clears,
  enabling,
  flag,
  labelOfCreate,
  labelOfSet,
  labelOfUnset,
  NULLABLE,
  named,
  object,
  ofLoadBalancer,
  option,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  tlsTerms,
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
  ...tlsTerms('A version of TLS to speak', 'A protocol to ask for by ALPN'),
];

export const POOL_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer pool create',
    summary: 'Create a pool.',
    output: 'one',
    does: { verb: 'create', kind },
    oneOf: ['parent'],
    arguments: [
      ...labelOfCreate('pool'),
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
    arguments: [ofLoadBalancer(), ...tagFilters('pools')],
  },
  {
    words: 'loadbalancer pool set',
    summary: 'Change a pool.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      ...labelOfSet(),
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
      ...labelOfUnset(),
      clears('--ca-tls-container-ref', 'Take the CA of the members away.'),
      clears('--crl-container-ref', 'Take the list of revoked certificates away.'),
      clears('--session-persistence', 'Keep no client on its member.'),
      clears('--tls-container-ref', 'Take the certificate away.'),
      ...backToDefault(['--tls-versions', '--tls-ciphers']),
      wait(),
      clears('--alpn-protocols', 'Back to the default.'),
      ...tagsOfUnset('pool'),
    ],
  },
];
