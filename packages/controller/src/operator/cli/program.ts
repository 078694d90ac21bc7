/** The command line `octavia`. Thin: every command loads its service when it runs, so that `--help` stays fast. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../../config/index.ts';
import type { ProcessService } from '../../processes/runtime.ts';
import { addCertificate } from './certificate.ts';
import { addOperations } from './operations.ts';
import { addOperatorCommands, addOrphans } from './operator.ts';
import { addPolicy } from './policy.ts';

interface ConfigFlags {
  configFile: string[];
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function configFileOption(): Option {
  return new Option('--config-file <file>', 'octavia.conf to read; repeatable, a later file wins')
    .argParser(collect)
    .default([], 'none');
}

function stateDirOption(): Option {
  return new Option('--state-dir <dir>', 'folder of everything that outlives the process')
    .env('OCTAVIA_STATE_DIR')
    .argParser(parseStateDir)
    .default('/var/lib/octavia');
}

/** An unset variable on the command line must not mean the current folder. */
function parseStateDir(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must name a folder.');
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
}

function parseNamespace(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('It may hold letters, digits, "_", "-" and ".", at most 64.');
}

export function createProgram(): Command {
  const program = new Command('octavia')
    .description('Load balancing as a service.')
    .showHelpAfterError('(add --help for the accepted arguments)');
  addUp(program);
  addDown(program);
  addService(program, 'api', 'Serve the HTTP API.', async (config) => {
    const { runApi } = await import('../../processes/api.ts');
    return runApi(config);
  });
  addService(program, 'worker', 'Carry out the operations that the API accepted.', async (config) => {
    const { runWorker } = await import('../../processes/worker.ts');
    return runWorker(config);
  });
  addService(program, 'health-manager', 'Receive heartbeats and keep operating statuses.', async (config) => {
    const { runHealthManager } = await import('../../processes/health-manager.ts');
    return runHealthManager(config);
  });
  const housekeeping = addService(
    program,
    'housekeeping',
    'Purge deleted objects, renew certificates, collect orphans.',
    async (config) => {
      const { runHousekeeping } = await import('../../processes/housekeeping.ts');
      return runHousekeeping(config);
    },
  );
  const common = { configFile: configFileOption, stateDir: stateDirOption };
  addOrphans(housekeeping, common);
  addOperatorCommands(program, common);
  addOperations(program, common);
  addDbManage(program);
  addQuota(program);
  addPolicy(program, configFileOption);
  addCertificate(program, configFileOption);
  return program;
}

function addUp(program: Command): void {
  program
    .command('up')
    .description('Run every service in one process, with everything they need, on this host.')
    .addOption(new Option('--port <number>', 'API port (default: 9876)').argParser(parsePort))
    .addOption(stateDirOption())
    .addOption(configFileOption())
    .addOption(
      new Option('--cloud <kind>', 'local: real load balancers on this host; noop: control plane only, needs no root')
        .choices(['local', 'noop'])
        .default('local'),
    )
    .addOption(
      new Option('--netns <name>', 'run in this network namespace instead of the host’s; made when missing').argParser(
        parseNamespace,
      ),
    )
    .action(
      async (flags: ConfigFlags & { port?: number; stateDir: string; cloud: 'local' | 'noop'; netns?: string }) => {
        const { up } = await import('../../local/up/up.ts');
        await up({
          port: flags.port ?? null,
          stateDir: flags.stateDir,
          configFiles: flags.configFile,
          cloud: flags.cloud,
          netns: flags.netns ?? null,
        });
      },
    );
}

function addDown(program: Command): void {
  program
    .command('down')
    .description('Stop everything of a state directory; the load balancers are built again by the next up.')
    .addOption(stateDirOption())
    .option('--purge', 'also remove amphorae, bridges and all state')
    .action(async (flags: { stateDir: string; purge?: boolean }) => {
      const { down } = await import('../../local/down/down.ts');
      await down({ stateDir: flags.stateDir, purge: flags.purge ?? false });
    });
}

function addService(
  program: Command,
  name: string,
  description: string,
  run: (config: Config) => Promise<ProcessService>,
): Command {
  return program
    .command(name)
    .description(description)
    .addOption(configFileOption())
    .action(async (flags: ConfigFlags) => {
      const { loadConfig } = await import('../../config/index.ts');
      const { runInForeground } = await import('../../processes/foreground.ts');
      const load = () => loadConfig({ files: flags.configFile, env: process.env });
      let config = load();
      const start = async () => {
        const service = await run(config);
        config = service.config;
        return { stop: () => service.stop(), reload: () => service.reload(load) };
      };
      await runInForeground(start, { stopTimeoutSeconds: () => config.DEFAULT.graceful_shutdown_timeout });
    });
}

function addDbManage(program: Command): void {
  const manage = program.command('db-manage').description('Look after the database schema.');
  manage
    .command('upgrade')
    .description('Bring the schema to this release.')
    .addOption(configFileOption())
    .action(async (flags: ConfigFlags) => {
      const { upgrade } = await import('../db-manage.ts');
      const applied = await upgrade(await databaseUrl(flags));
      for (const name of applied) say(`Applied ${name}.`);
      if (applied.length === 0) say('The schema is up to date.');
    });
  manage
    .command('current')
    .description('Show which migrations are applied.')
    .addOption(configFileOption())
    .action(async (flags: ConfigFlags) => {
      const { current } = await import('../db-manage.ts');
      const { applied, pending } = await current(await databaseUrl(flags));
      for (const name of applied) say(`applied ${name}`);
      for (const name of pending) say(`pending ${name}`);
    });
}

async function databaseUrl(flags: ConfigFlags): Promise<string> {
  const { loadConfig } = await import('../../config/index.ts');
  const { OctaviaError } = await import('../../errors.ts');
  const { connection } = loadConfig({ files: flags.configFile, env: process.env }).database;
  if (connection !== null) return connection;
  throw new OctaviaError('DATABASE_NOT_SET');
}

function addQuota(program: Command): void {
  program
    .command('quota')
    .description('Look after what projects have in use.')
    .command('recount')
    .description('Set the counters of quotas to what exists.')
    .option('--project <id>', 'of this project only')
    .addOption(configFileOption())
    .action(async (flags: ConfigFlags & { project?: string }) => {
      const { recountQuotas } = await import('../quota.ts');
      const projects = await recountQuotas(await databaseUrl(flags), flags.project);
      say(`Counted what ${projects} project${projects === 1 ? ' has' : 's have'} in use.`);
    });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
