/** Entry of the bundled agent: `node amphora-agent.cjs [--config-file <path>]`. */
import { startAgent } from './agent.ts';
import { createLog } from './log.ts';
import { giveBackSpareMemory } from './system/spare-memory.ts';

const DEFAULT_CONFIG_FILE = '/etc/octavia/amphora-agent.conf';
/** For what happens outside the agent's life, where no configuration says otherwise. */
const log = createLog(() => false);

function configFile(args: string[]): string {
  const index = args.indexOf('--config-file');
  return (index < 0 ? undefined : args[index + 1]) ?? DEFAULT_CONFIG_FILE;
}

// They make this process small. HAProxy, which would inherit them, allocates from several threads at full speed.
for (const name of Object.keys(process.env)) if (name.startsWith('MALLOC_')) delete process.env[name];

startAgent(configFile(process.argv.slice(2))).then(
  (agent) => {
    giveBackSpareMemory();
    const end = (): void => {
      void agent.stop().then(() => process.exit(0));
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    process.on('SIGHUP', () => {
      agent
        .reloadConfiguration()
        .catch((error: unknown) => log.error({ err: error }, 'The configuration was not reloaded'));
    });
  },
  (error: unknown) => {
    log.error({ err: error }, 'The agent cannot start');
    process.exit(1);
  },
);
