import { parseArgs } from 'node:util';

export interface DemoOptions {
  stateDir: string;
  /** Whether the state directory was named, by flag or variable. */
  stateDirGiven: boolean;
  netns: string | null;
  port: number | null;
}

export const HELP = `Usage: npm run demo -- [--state-dir DIR] [--netns NAME] [--port N]

Drives a running "npm run up" with real traffic and prints what it sees. Starts one in a network namespace of its own
when none runs. Exits non-zero when anything does not hold, and removes all it made.`;

/** @throws TypeError for an unknown or incomplete flag */
export function parseOptions(argv: string[], env: NodeJS.ProcessEnv = process.env): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      'state-dir': { type: 'string' },
      netns: { type: 'string' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return 'help';
  const given = values['state-dir'] ?? env.OCTAVIA_STATE_DIR;
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    throw new TypeError('--port must be a whole number from 1 to 65535.');
  }
  return {
    stateDir: given ?? '/var/lib/octavia',
    stateDirGiven: given !== undefined,
    netns: values.netns ?? null,
    port,
  };
}
