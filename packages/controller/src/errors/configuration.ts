/** What the operator has set, found wrong when a service starts. Never on the wire. */
import { define } from './entry.ts';

export const configurationErrors = define({
  BAD_OPTION: {
    status: 500,
    message: '{file}: [{section}] {option} = {value}: {reason}',
    remedy: 'Correct the option and start again.',
  },
  BAD_CONFIG_FILE: { status: 500, message: '{file}, line {line}: {reason}', remedy: 'Correct the file.' },
  BAD_POLICY_FILE: { status: 500, message: 'Policy file {file}: {reason}', remedy: 'Correct the file.' },
  FILE_UNREADABLE: {
    status: 500,
    message: '{file} cannot be read: {reason}',
    remedy: 'Check its permissions and the disk it is on.',
  },
  CONFIG_FILE_UNREADABLE: {
    status: 500,
    message: 'Configuration file {file} cannot be read: {reason}',
    remedy: 'Check the path and its permissions.',
  },
  OPTION_UNUSABLE: {
    status: 500,
    message: '{option} = {value} cannot be used: {reason}.',
    remedy: 'Correct the option and start again.',
  },
  OPTION_FILE_UNREADABLE: {
    status: 500,
    message: '{option} = {file} cannot be read: {reason}.',
    remedy: 'Check the path and its permissions, or leave the option out.',
  },
  UNKNOWN_CHOICE: {
    status: 500,
    message: '{option} = {value} is not known to this release. It has: {known}.',
    remedy: 'Choose one of these.',
  },
  OPTIONS_MISSING: {
    status: 500,
    message: '{option} = {value} needs {options}.',
    remedy: 'Set what is missing.',
  },
  HEARTBEAT_KEY_MISSING: {
    status: 500,
    message: '[health_manager] heartbeat_key is not set; amphorae sign their heartbeats with it.',
    remedy: 'Set the same long random text for all workers and health managers.',
  },
  DATABASE_NOT_SET: {
    status: 500,
    message: '[database] connection is not set.',
    remedy:
      'Set it in octavia.conf, in a --config-file or as OS_DATABASE__CONNECTION, or use `octavia up`, which brings its own PostgreSQL.',
  },
  SCHEMA_OUTDATED: {
    status: 500,
    message: 'The database lacks {migrations}.',
    remedy: 'Run `octavia db-manage upgrade` first.',
  },
  MIGRATION_FAILED: {
    status: 500,
    message: 'Database migration {migration} failed: {reason}',
    remedy: 'Nothing of it was kept. Mend the cause and run `octavia db-manage upgrade` again.',
  },
  AUTHORITY_UNUSABLE: {
    status: 500,
    message: 'Certificate authority {files} cannot be used: {reason}',
    remedy:
      'Give certificate and key of one authority, and the passphrase of the key in [certificates] ca_private_key_passphrase.',
  },
  AUTHORITY_INCOMPLETE: {
    status: 500,
    message: '{file} is there but {other}, which belongs to it, is not.',
    remedy:
      'Restore both from one backup, or remove both to have new ones made; amphorae that run then have to be failed over.',
  },
  CLIENT_CERTIFICATE_FOREIGN: {
    status: 500,
    message: '{file} is not signed by {authority}; agents would refuse it.',
    remedy: 'Restore both from one backup, or have the certificate signed by this authority.',
  },
  LISTEN_FAILED: {
    status: 500,
    message: 'The {service} cannot listen on {host} {port}: {reason}.',
    remedy: 'Check {options}, and that nothing else listens there.',
  },
  LOCAL_CLOUD_MISSING: {
    status: 500,
    message: '{stateDir} holds no local cloud yet.',
    remedy: 'Start it once with `octavia up`.',
  },
  WRONG_NAMESPACE: {
    status: 500,
    message: 'The load balancers of this host live in network namespace {name}.',
    remedy: 'Run the service there: ip netns exec {name}, or NetworkNamespacePath={file} in its unit.',
  },
});
