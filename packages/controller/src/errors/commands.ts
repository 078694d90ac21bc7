/** What operators give to commands. Never on the wire. */
import { define } from './entry.ts';

export const commandErrors = define({
  INSTALLATION_NOT_FOUND: {
    status: 500,
    message: '[database] connection is not set, and nothing runs on {stateDir}.',
    remedy:
      'Set it in a --config-file or as OS_DATABASE__CONNECTION, or name the --state-dir of a running `octavia up`.',
  },
  INPUT_UNREADABLE: {
    status: 500,
    message: '{file} cannot be read: {reason}.',
    remedy: 'Check the path and its permissions.',
  },
  NOT_JSON: {
    status: 500,
    message: '{file} is not JSON: {reason}.',
    remedy: 'Correct the file.',
  },
  NOT_A_TOKEN: {
    status: 500,
    message: '{file} holds no token of Keystone v3.',
    remedy: 'Write what Keystone answers to GET /v3/auth/tokens into it: {"token": ...}.',
  },
  UNKNOWN_POLICY_RULE: {
    status: 500,
    message: 'There is no rule {rule}.',
    remedy: '`octavia policy sample` prints all.',
  },
});
