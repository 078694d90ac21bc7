/** `octavia up` and `down`: the host, the state directory and what is kept there. Never on the wire. */
import { define } from './entry.ts';

export const installationErrors = define({
  UP_NEEDS_ROOT: {
    status: 500,
    message: 'The local cloud makes network interfaces and sandboxes, which takes root.',
    remedy: 'Run it as root, or use --cloud noop.',
  },
  DOWN_NEEDS_ROOT: {
    status: 500,
    message: '{stateDir} holds a local cloud, which only root can take down.',
    remedy: 'Run down as root.',
  },
  HOST_UNFIT: {
    status: 500,
    message: 'This host lacks what the local cloud needs:{lacks}',
    remedy: 'Install or allow what is named, or use --cloud noop.',
  },
  PROGRAM_MISSING: {
    status: 500,
    message: 'The program {program} is missing.',
    remedy: 'Install it: apt-get install {package}.',
  },
  PROC_MISSING: {
    status: 500,
    message: '/proc is not mounted.',
    remedy: 'Mount it and start again.',
  },
  PORT_TAKEN: {
    status: 500,
    message: 'Port {port} of {host} is taken.',
    remedy: 'Choose another one with --port.',
  },
  PORT_NEEDS_ROOT: {
    status: 500,
    message: 'Port {port} needs root.',
    remedy: 'Choose one above 1023 with --port.',
  },
  STATE_DIR_UNUSABLE: {
    status: 500,
    message: 'The state directory {path} cannot be used: {reason}.',
    remedy: 'Choose another --state-dir.',
  },
  STATE_DIR_TAKEN: {
    status: 500,
    message: 'A control plane already runs on {stateDir} (pid {pid}){where}.',
    remedy: 'Stop it with `octavia down --state-dir {stateDir}`, or choose another --state-dir.',
  },
  DISK_TOO_SMALL: {
    status: 500,
    message: 'The disk of {folder} has {free} MB left, and a first start needs {needed} MB.',
    remedy: 'Make room there, or choose another --state-dir than {stateDir}.',
  },
  DISK_FULL: {
    status: 500,
    message: 'The disk of {stateDir} is full{besides}.',
    remedy: 'Make room there, or choose another --state-dir than {stateDir}.',
  },
  START_INTERRUPTED: {
    status: 500,
    message: 'Stopped by {signal} while starting.',
    remedy: 'What was made up to then is removed again: just start it anew.',
  },
  SECRET_DAMAGED: {
    status: 500,
    message: '{file} holds no key: one line of 16 to 256 printable characters is expected.',
    remedy:
      'Restore it from a backup, or delete it to have a new one made; load balancers that run then have to be failed over.',
  },
  INSTANCE_DAMAGED: {
    status: 500,
    message: '{file} is damaged.',
    remedy: 'Restore it from a backup, or remove everything with `octavia down --purge`.',
  },
  CONTROL_PLANE_FOREIGN: {
    status: 500,
    message: 'The control plane (pid {pid}) belongs to somebody else.',
    remedy: 'Run down as its owner, or as root.',
  },
  // Its network
  NO_FREE_BLOCK: {
    status: 500,
    message: 'Every /{prefix} of {range} is in use on this host ({occupied}).',
    remedy: 'Set [local_cloud] subnet_range to a free private network.',
  },
  BLOCK_TAKEN: {
    status: 500,
    message: 'The address block {block} of this instance is now used by {conflict} ({device}).',
    remedy: 'Remove that, or run `octavia down --purge` and start again.',
  },
  BRIDGE_TAKEN: {
    status: 500,
    message: 'Bridge {bridge} belongs to the instance in {owner}.',
    remedy: 'Choose another --state-dir.',
  },
  SUBNET_UNUSABLE: {
    status: 500,
    message: 'Subnet {cidr} is not an IPv4 network.',
    remedy: 'Correct [local_cloud] subnet_range.',
  },
  HOST_NETWORK_FAILED: {
    status: 500,
    message: 'The local network could not be set up: {reason}',
    remedy: 'Mend what the reason names and start again.',
  },
  NAMESPACE_FAILED: {
    status: 500,
    message: 'Network namespace {name} could not be made: {reason}',
    remedy: 'Mend what the reason names, or start without --netns.',
  },
  NAMESPACE_CHANGED: {
    status: 500,
    message: 'The load balancers of {stateDir} run in {place}.',
    remedy: 'Start {flag}, or stop them with `octavia down`.',
  },
  // Its PostgreSQL
  POSTGRES_MISSING: {
    status: 500,
    message: 'There is no embedded PostgreSQL for this machine (npm package {package}).',
    remedy: 'Set [database] connection to a PostgreSQL server.',
  },
  POSTGRES_ACCOUNT_MISSING: {
    status: 500,
    message: 'PostgreSQL cannot run as root and there is neither an account postgres nor nobody to run it as.',
    remedy: 'Make one: useradd --system postgres.',
  },
  POSTGRES_VERSION: {
    status: 500,
    message: '{folder} was made by PostgreSQL {found} and this release brings {wanted}.',
    remedy: 'Dump it with the old release, or remove it with `octavia down --purge`.',
  },
  POSTGRES_SHUT_OUT: {
    status: 500,
    message: 'PostgreSQL runs as {account}, who may not enter {folder}.',
    remedy: 'Choose a --state-dir elsewhere, or run chmod o+x {folder}.',
  },
  FOLDER_FOREIGN: {
    status: 500,
    message: '{folder} belongs to somebody else.',
    remedy: 'Remove it, or choose another --state-dir.',
  },
  POSTGRES_INIT_FAILED: {
    status: 500,
    message: 'The embedded PostgreSQL could not be initialised: {reason}',
    remedy: 'Mend what PostgreSQL names and start again.',
  },
  POSTGRES_START_FAILED: {
    status: 500,
    message: 'The embedded PostgreSQL does not start: {reason}',
    remedy: 'The log that is named says why; mend that and start again.',
  },
});
