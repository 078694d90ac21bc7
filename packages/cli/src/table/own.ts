/** Commands that the openstack client does not have. */
import type { Argument, Command } from '../command.ts';
import { flag, object, option } from './arguments.ts';

const balancer = (more: Partial<Argument> = {}): Argument =>
  object('loadbalancer', '<load_balancer>', 'Name or id of the load balancer.', { find: 'loadbalancers', ...more });

/** Options of these commands stand for no field of the API. */
function setting(name: string, metavar: string, help: string, more: Partial<Argument>): Argument {
  const { field: _, ...rest } = option(name, metavar, help, more);
  return rest;
}

const own = (words: string, summary: string, output: Command['output'], known: readonly Argument[] = []): Command => ({
  words,
  summary,
  output,
  does: { verb: 'own', name: words },
  arguments: known,
});

const SECONDS = /^\d+(\.\d+)?$/;

export const OWN_COMMANDS: readonly Command[] = [
  own('tree', 'Draw a load balancer and everything below it with their statuses.', 'text', [balancer()]),
  own(
    'watch',
    'Draw a load balancer, or all, as they change; without a terminal print a line for each change.',
    'text',
    [balancer({ takes: '?' }), flag('--all', 'All load balancers.')],
  ),
  own('operations', 'List what is and was done to a load balancer, newest first, at most a hundred.', 'list', [
    balancer(),
    flag('--follow', 'Print each step as it begins, until nothing is done to it any more; exit code 1 if that failed.'),
  ]),
  own('top', 'Show what listeners do a second; on a terminal again and again, elsewhere once.', 'list', [
    balancer({ takes: '*', help: 'Only those of these load balancers (names or ids).' }),
    setting('--interval', '<seconds>', 'From one look to the next; 10, as often as amphorae report.', {
      type: 'float',
      default: 10,
      check: (word) =>
        SECONDS.test(word) && Number(word) >= 0.1 ? null : 'It must be a number of seconds, at least 0.1.',
    }),
    setting('--sort', '{active,connections,bytes_in,bytes_out,errors,loadbalancer,listener}', 'What comes first.', {
      choices: ['active', 'connections', 'bytes_in', 'bytes_out', 'errors', 'loadbalancer', 'listener'],
      default: 'connections',
    }),
  ]),
  own('loadbalancer route', 'Tell which pool would get a request, and which L7 policy decides.', 'one', [
    balancer(),
    object('url', '<url>', 'Address of the request, as clients write it, with http:// or https://.'),
    setting('--method', '<method>', 'Method of the request.', { default: 'GET' }),
    setting('--header', '<name: value>', 'Header of the request; repeat it for several.', { action: 'append' }),
    setting('--client-address', '<address>', 'Address that the request comes from.', {}),
    setting(
      '--listener',
      '<listener>',
      'Listener that gets it (name or id); else the one with the port of the address.',
      {
        find: 'listeners',
      },
    ),
    setting('--verify-result', '<number>', "What OpenSSL says of the client's certificate; 0: it is good.", {
      type: 'int',
    }),
    setting('--subject', '<field=value>', "Field of the certificate's subject; repeat it for several.", {
      action: 'append',
    }),
  ]),
  own('config show', 'Show how the cloud is reached: every value and where it came from, secrets masked.', 'list'),
  own(
    'completion',
    'Print the completion script of a shell, for example for: source <(octavia completion bash).',
    'text',
    [object('shell', '{bash,fish,zsh}', 'Shell that reads it.', { choices: ['bash', 'fish', 'zsh'] })],
  ),
];
