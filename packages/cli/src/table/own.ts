/** Commands that the openstack client does not have. */
import type { Command } from '../command.ts';
import { object } from './arguments.ts';

export const OWN_COMMANDS: readonly Command[] = [
  {
    words: 'completion',
    summary: 'Print the completion script of a shell, for example for: source <(octavia completion bash).',
    output: 'text',
    does: { verb: 'own', name: 'completion' },
    arguments: [object('shell', '{bash,fish,zsh}', 'Shell that reads it.', { choices: ['bash', 'fish', 'zsh'] })],
  },
  {
    words: 'tree',
    summary: 'Draw a load balancer and everything below it with their statuses.',
    output: 'text',
    does: { verb: 'own', name: 'tree' },
    arguments: [
      object('loadbalancer', '<load_balancer>', 'Name or id of the load balancer.', { find: 'loadbalancers' }),
    ],
  },
];
