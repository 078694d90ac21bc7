/** Commands about a load balancer as one document. */
import type { Command } from '../command.ts';
import { flag, object, option, wait } from './arguments.ts';

const own = (words: string, summary: string, known: Command['arguments']): Command => ({
  words,
  summary,
  output: 'text',
  does: { verb: 'own', name: words },
  arguments: known,
});

export const DESIRED_STATE_COMMANDS: readonly Command[] = [
  own(
    'apply',
    'Make load balancers what a file says, each with everything below it as one change; exit code 2 if --diff finds differences.',
    [
      {
        flags: ['-f', '--file'],
        dest: 'file',
        metavar: '<file>',
        action: 'append',
        required: true,
        help: 'YAML or JSON with one document for each load balancer, - for standard input; repeat it for several.',
      },
      flag('--dry-run', 'Only print what would change.', { group: 'dry' }),
      flag('--diff', 'Only print what would change, and exit with 2 if anything would.', { group: 'dry' }),
      flag('--prune', 'Delete what is below a load balancer and not in its document.'),
      wait(),
    ],
  ),
  own('export', 'Print a load balancer and everything below it as a file for apply, or for Terraform.', [
    object('loadbalancer', '<load_balancer>', 'Name or id of the load balancer.', { find: 'loadbalancers' }),
    (({ field: _, ...rest }) => rest)(
      option('--format', '{yaml,json,terraform}', 'How to write it; yaml unless told otherwise.', {
        choices: ['yaml', 'json', 'terraform'],
        default: 'yaml',
      }),
    ),
  ]),
  own(
    'explain',
    'Explain an attribute, or list those of a kind: type, bounds, default, and what a change of it means.',
    [object('field', '<field>', 'For example listener.timeout_client_data, weight, or pool.')],
  ),
];
