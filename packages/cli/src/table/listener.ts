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
  number,
  object,
  ofLoadBalancer,
  ofProject,
  option,
  several,
  tagFilters,
  tagsOfCreate,
  tagsOfSet,
  tagsOfUnset,
  tlsTerms,
  wait,
} from './arguments.ts';
import { LISTENER as kind } from './kinds.ts';

const PROTOCOLS = ['TCP', 'HTTP', 'HTTPS', 'TERMINATED_HTTPS', 'UDP', 'SCTP', 'PROMETHEUS'];
const CLIENT_AUTHENTICATION = ['NONE', 'OPTIONAL', 'MANDATORY'];

const one = object('listener', '<listener>', 'Name or id of the listener.', { find: 'listeners' });

const timeouts: readonly Argument[] = [
  number('--timeout-client-data', '<timeout>', 'Milliseconds a client may be silent. Default: 50000.'),
  number('--timeout-member-connect', '<timeout>', 'Milliseconds to connect to a member. Default: 5000.'),
  number('--timeout-member-data', '<timeout>', 'Milliseconds a member may be silent. Default: 50000.'),
  number('--timeout-tcp-inspect', '<timeout>', 'Milliseconds to wait for more packets to inspect. Default: 0.'),
];

const tls: readonly Argument[] = [
  several('--allowed-cidr', '<allowed_cidr>', 'Addresses that may connect, as a CIDR', 'allowed_cidrs'),
  wait(),
  ...tlsTerms('A version of TLS to offer', 'A protocol to offer by ALPN'),
];

const clients = (metavar: string): readonly Argument[] => [
  option('--client-ca-tls-container-ref', metavar, 'Reference to the CA of client certificates.', NULLABLE),
  choice('--client-authentication', CLIENT_AUTHENTICATION, 'Whether clients show a certificate.'),
  option(
    '--client-crl-container-ref',
    '<client_crl_container_ref>',
    'Reference to the list of revoked client certificates.',
    NULLABLE,
  ),
];

const sni = (metavar: string): Argument =>
  option('--sni-container-refs', metavar, 'References to further certificates, chosen by the name a client asks for.', {
    takes: '*',
  });

const hsts: readonly Argument[] = [
  number('--hsts-max-age', '<hsts_max_age>', 'Seconds that browsers keep to HTTPS.', { newer: true }),
  flag('--hsts-include-subdomains', 'Browsers keep to HTTPS for names below, too.', {
    newer: true,
    field: 'hsts_include_subdomains',
    sends: true,
  }),
  flag('--hsts-preload', 'Browsers may know it in advance.', { newer: true, field: 'hsts_preload', sends: true }),
];

export const LISTENER_COMMANDS: readonly Command[] = [
  {
    words: 'loadbalancer listener create',
    summary: 'Create a listener.',
    output: 'one',
    does: { verb: 'create', kind },
    arguments: [
      object('loadbalancer', '<loadbalancer>', 'Load balancer that gets it (name or id).', {
        find: 'loadbalancers',
        field: 'loadbalancer_id',
      }),
      ...labelOfCreate('listener'),
      choice('--protocol', PROTOCOLS, 'Protocol that clients speak.', { required: true }),
      number('--connection-limit', '<limit>', 'Most connections at a time; -1 is no limit.'),
      named('--default-pool', '<pool>', 'pools', 'Pool for what no L7 policy takes (name or id).', {
        field: 'default_pool_id',
      }),
      option('--default-tls-container-ref', '<container_ref>', 'Reference to certificate and key.'),
      sni('<container_ref>'),
      option('--insert-headers', '<header=value,...>', 'Headers that requests to members get.', { as: 'pairs' }),
      number('--protocol-port', '<port>', 'Port to listen on.', { required: true, aliases: ['--protocol_port'] }),
      ...timeouts,
      ...enabling('the listener', { isDefault: true }),
      ...clients('<container_ref>'),
      ...tls,
      ...tagsOfCreate('listener'),
      ...hsts,
    ],
  },
  {
    words: 'loadbalancer listener delete',
    summary: 'Delete a listener.',
    output: 'text',
    does: { verb: 'delete', kind },
    arguments: [one, wait()],
  },
  {
    words: 'loadbalancer listener list',
    summary: 'List listeners.',
    output: 'list',
    does: { verb: 'list', kind },
    arguments: [
      option('--name', '<name>', 'Only those of this name.'),
      ofLoadBalancer(),
      ...enabling('listeners', { words: ['Only enabled', 'Only disabled'] }),
      ofProject('<project>'),
      ...tagFilters('listeners'),
    ],
  },
  {
    words: 'loadbalancer listener set',
    summary: 'Change a listener.',
    output: 'text',
    does: { verb: 'set', kind },
    arguments: [
      one,
      ...labelOfSet(),
      option('--connection-limit', '<limit>', 'Most connections at a time; -1 is no limit.'),
      named('--default-pool', '<pool>', 'pools', 'Pool for what no L7 policy takes (name or id).', {
        field: 'default_pool_id',
      }),
      option('--default-tls-container-ref', '<container-ref>', 'Reference to certificate and key.'),
      sni('<container-ref>'),
      option('--insert-headers', '<header=value>', 'Headers that requests to members get.', { as: 'pairs' }),
      ...timeouts,
      ...enabling('the listener'),
      ...clients('<container_ref>'),
      ...tls,
      ...tagsOfSet('listener'),
      ...hsts,
    ],
  },
  {
    words: 'loadbalancer listener show',
    summary: 'Show a listener.',
    output: 'one',
    does: { verb: 'show', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer listener stats show',
    summary: 'Show what a listener counted.',
    output: 'one',
    does: { verb: 'stats', kind },
    arguments: [one],
  },
  {
    words: 'loadbalancer listener unset',
    summary: 'Clear settings of a listener.',
    output: 'text',
    does: { verb: 'unset', kind },
    arguments: [
      one,
      ...labelOfUnset(),
      clears('--connection-limit', 'Back to no limit.'),
      clears('--default-pool', 'Take the default pool away.', { dest: 'default_pool_id', field: 'default_pool_id' }),
      clears('--default-tls-container-ref', 'Take the certificate away.'),
      clears('--sni-container-refs', 'Take the further certificates away.'),
      clears('--insert-headers', 'Insert no headers.'),
      ...backToDefault([
        '--timeout-client-data',
        '--timeout-member-connect',
        '--timeout-member-data',
        '--timeout-tcp-inspect',
      ]),
      clears('--client-ca-tls-container-ref', 'Take the CA of client certificates away.'),
      clears('--client-authentication', 'Back to the default.'),
      clears('--client-crl-container-ref', 'Take the list of revoked client certificates away.'),
      clears('--allowed-cidrs', 'Everybody may connect.'),
      ...backToDefault(['--tls-versions', '--tls-ciphers']),
      wait(),
      clears('--alpn-protocols', 'Back to the default.'),
      ...tagsOfUnset('listener'),
      clears('--hsts-max-age', 'Send no HSTS header.', { newer: true }),
      ...backToDefault(['--hsts-include-subdomains', '--hsts-preload'], { newer: true }),
    ],
  },
];
