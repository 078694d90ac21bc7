/** Commands for whoever runs the service. They are carried out by the controller, which is loaded when one is called. */
import type { Argument, Command } from '../command.ts';
import { flag, object, option } from './arguments.ts';
import { IMAGE_COMMANDS } from './image.ts';

/** Options of operators stand for no field of the API. */
function text(name: string, metavar: string, help: string, more: Partial<Argument> = {}): Argument {
  const { field: _, ...rest } = option(name, metavar, help, more);
  return rest;
}

const isUuid = (what: string) => (word: string) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(word) ? null : `It must be ${what}.`;

const wholeNumber = (low: number, high: number) => (word: string) =>
  /^\d+$/.test(word) && Number(word) >= low && Number(word) <= high
    ? null
    : `It must be a whole number from ${low} to ${high}.`;

const configFile = text('--config-file', '<file>', 'Configuration file; repeat it for several, a later one wins.', {
  action: 'append',
});
const stateDir = text('--state-dir', '<dir>', 'Folder of everything that outlives the process. (OCTAVIA_STATE_DIR)', {
  env: 'OCTAVIA_STATE_DIR',
  default: '/var/lib/octavia',
  // An unset variable on the command line must not mean the current folder.
  check: (word) => (word.trim() === '' ? 'It must name a folder.' : null),
});
const installation = [configFile, stateDir];
const json = flag('--json', 'As JSON.');
const operation = object('id', '<id>', 'Id of the operation.', { check: isUuid('a UUID') });

const command = (words: string, summary: string, known: readonly Argument[] = []): Command => ({
  words,
  summary,
  arguments: known,
  output: 'text',
  does: { verb: 'operator', name: words },
});

const service = (words: string, summary: string): Command => command(words, summary, [configFile]);

const RUNNING: readonly Command[] = [
  command('up', 'Run every service in one process, with everything they need, on this host.', [
    text('--port', '<number>', 'Port of the API; 9876.', { type: 'int', check: wholeNumber(1, 65535) }),
    ...installation,
    text(
      '--cloud',
      '{local,noop}',
      'With local: real load balancers on this host. With noop: the control plane only, without root.',
      {
        choices: ['local', 'noop'],
        default: 'local',
      },
    ),
    text('--netns', '<name>', 'Run in this network namespace instead of the host’s; it is made when missing.', {
      check: (word) =>
        /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(word)
          ? null
          : 'It may hold letters, digits, "_", "-" and ".", at most 64.',
    }),
  ]),
  command('down', 'Stop everything of a state directory; the load balancers are built again by the next up.', [
    stateDir,
    flag('--purge', 'Remove amphorae, bridges and all state, too.'),
  ]),
  service('api', 'Serve the HTTP API.'),
  service('worker', 'Carry out the operations that the API accepted.'),
  service('health-manager', 'Receive heartbeats and keep operating statuses.'),
  service('driver-agent', 'Take what provider drivers report, and run their agents.'),
  service('housekeeping', 'Purge deleted objects, renew certificates, collect orphans.'),
  command('housekeeping orphans', 'Remove instances, ports and groups that no row names and that are old enough.', [
    flag('--dry-run', 'Only tell what would be removed.'),
    flag('--force', 'Also when a large part of everything looks like orphans.'),
    ...installation,
  ]),
];

const LOOKING_AFTER: readonly Command[] = [
  command(
    'doctor',
    'Tell how the installation is. Exit code 0: well, 1: something to look at, 2: something is broken.',
    [flag('--no-probe', 'Do not ask the agents of amphorae.'), json, ...installation],
  ),
  command('status', 'List the categories of checks.'),
  command('status upgrade', 'List the checks of this category.'),
  command(
    'status upgrade check',
    'Tell whether an upgrade may begin. Exit code 0: ready, 1: warnings, 2: a failure stops it, 255: unexpected error.',
    installation,
  ),
  command('amphorae renew-certificates', 'Have housekeeping renew the certificate of every amphora, or of one, now.', [
    text('--amphora', '<id>', 'Only of this one.', { check: isUuid('the id of an amphora') }),
    ...installation,
  ]),
  command(
    'subnets',
    'List the subnets for VIPs and members, and where back ends on this host can listen.',
    installation,
  ),
  command('operations list', 'List the newest operations of all projects, newest first.', [
    text('--state', '<state>', 'Only queued, running, undoing, succeeded or failed ones.'),
    text('--kind', '<kind>', 'Only those of a kind, such as create_load_balancer.'),
    text('--loadbalancer', '<id>', 'Only those of this load balancer.', { check: isUuid('a UUID') }),
    text('--project', '<id>', 'Only those of this project.'),
    text('--limit', '<number>', 'At most so many; 50.', { type: 'int', default: 50, check: wholeNumber(1, 10_000) }),
    json,
    ...installation,
  ]),
  command('operations show', 'Show one operation with its steps and what operators did to it.', [
    operation,
    json,
    ...installation,
  ]),
  ...(
    [
      ['resume', 'Carry out a failed operation again.'],
      ['abandon', 'Stop an operation and undo what it did.'],
      ['reset', 'End an operation as it is and set the statuses it left, without doing anything.'],
    ] as const
  ).map(([verb, summary]) =>
    command(`operations ${verb}`, summary, [
      operation,
      text('--reason', '<text>', 'Text that is kept with what was done.'),
      ...installation,
      ...(verb === 'reset'
        ? [
            text('--status', '{ACTIVE,ERROR}', 'Status of the load balancer and what waits below it.', {
              choices: ['ACTIVE', 'ERROR'],
              required: true,
            }),
          ]
        : []),
    ]),
  ),
  command('flows list', 'List every flow, with what it does.'),
  command('flows show', 'Show the steps of a flow as a diagram.', [
    object('name', '<name>', 'A kind of operation, or the name of a flow of OpenStack Octavia.'),
  ]),
  service('db-manage upgrade', 'Bring the schema of the database to this release.'),
  service('db-manage current', 'Show which migrations are applied.'),
  command('quota recount', 'Set the counters of quotas to what exists.', [
    text('--project', '<id>', 'Of this project only.'),
    configFile,
  ]),
];

const outputFile = text('--output-file', '<file>', 'Where to write; standard output when left out.');

const POLICY: readonly Command[] = [
  command('policy sample', 'Print every rule with its default, commented out.', [outputFile]),
  command('policy generate', 'Print every rule in force: the defaults and what the policy file replaces.', [
    outputFile,
    configFile,
  ]),
  service('policy list-redundant', 'List the rules of the policy file that say what is in force without them.'),
  command('policy convert', 'Write a policy file in YAML, rules that change nothing commented out.', [
    text('--policy-file', '<file>', 'File in JSON or YAML.', { required: true }),
    outputFile,
    configFile,
  ]),
  command('policy check', 'Say what the owner of a token may do.', [
    text('--access', '<file>', 'JSON file with a token as Keystone describes it.', { required: true }),
    text('--rule', '<name>', 'This rule only.'),
    text('--project', '<id>', 'Project of the object; the project of the token when left out.'),
    configFile,
  ]),
];

const folder = text(
  '--state-dir',
  '<dir>',
  'State directory of up: its certificates, in place of [certificates] storage_path. (OCTAVIA_STATE_DIR)',
  {
    env: 'OCTAVIA_STATE_DIR',
  },
);

const CERTIFICATES: readonly Command[] = [
  command('certificate add', 'Store a bundle and print the reference for default_tls_container_ref and its like.', [
    object(
      'file',
      '<file>',
      'PEM (certificate, key and intermediates; a CA bundle; a CRL) or PKCS#12; - is standard input.',
    ),
    text('--passphrase', '<text>', 'Of the key or bundle. (OCTAVIA_CERTIFICATE_PASSPHRASE)', {
      env: 'OCTAVIA_CERTIFICATE_PASSPHRASE',
    }),
    text('--project', '<id>', 'The only project that may use it.'),
    folder,
    configFile,
  ]),
  command('certificate list', 'Show reference, kind, end of validity, names and project of each certificate.', [
    folder,
    configFile,
  ]),
  command(
    'certificate remove',
    'Remove one; listeners that refer to it keep what their amphorae have until they are built again.',
    [object('reference', '<reference>', 'Reference of the certificate.'), folder, configFile],
  ),
];

export const OPERATOR_COMMANDS: readonly Command[] = [
  ...RUNNING,
  ...LOOKING_AFTER,
  ...POLICY,
  ...CERTIFICATES,
  ...IMAGE_COMMANDS,
];
