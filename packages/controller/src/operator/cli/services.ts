/** `octavia up`, `down`, each service alone, and the schema of the database. */
import type { Config } from '../../config/index.ts';
import type { ProcessService } from '../../processes/runtime.ts';
import { configFiles, type Handler, isSet, numberOf, say, textOf, type Values } from './values.ts';

async function serve(name: string, values: Values, run: (config: Config) => Promise<ProcessService>): Promise<void> {
  const { loadConfig } = await import('../../config/index.ts');
  const { runInForeground } = await import('../../processes/foreground.ts');
  const load = () => loadConfig({ files: configFiles(values), env: process.env });
  let config = load();
  const { reportOnSignal } = await import('../../processes/report.ts');
  reportOnSignal(name, () => config);
  const start = async () => {
    const service = await run(config);
    config = service.config;
    return { stop: () => service.stop(), reload: () => service.reload(load) };
  };
  await runInForeground(start, { stopTimeoutSeconds: () => config.DEFAULT.graceful_shutdown_timeout });
}

async function databaseUrl(values: Values): Promise<string> {
  const { loadConfig } = await import('../../config/index.ts');
  const { OctaviaError } = await import('../../errors.ts');
  const { connection } = loadConfig({ files: configFiles(values), env: process.env }).database;
  if (connection !== null) return connection;
  throw new OctaviaError('DATABASE_NOT_SET');
}

export const SERVICES: Readonly<Record<string, Handler>> = {
  up: async (values) => {
    const { up } = await import('../../local/up/up.ts');
    await up({
      port: numberOf(values, 'port'),
      stateDir: textOf(values, 'state_dir') ?? '',
      configFiles: configFiles(values),
      cloud: values.cloud as 'local' | 'noop',
      netns: textOf(values, 'netns') ?? null,
    });
  },
  down: async (values) => {
    const { down } = await import('../../local/down/down.ts');
    await down({ stateDir: textOf(values, 'state_dir') ?? '', purge: isSet(values, 'purge') });
  },
  api: async (values) => serve('octavia-api', values, (await import('../../processes/api.ts')).runApi),
  worker: async (values) => serve('octavia-worker', values, (await import('../../processes/worker.ts')).runWorker),
  'health-manager': async (values) =>
    serve('octavia-health-manager', values, (await import('../../processes/health-manager.ts')).runHealthManager),
  housekeeping: async (values) =>
    serve('octavia-housekeeping', values, (await import('../../processes/housekeeping.ts')).runHousekeeping),
  'driver-agent': async (values) =>
    serve('octavia-driver-agent', values, (await import('../../processes/driver-agent.ts')).runDriverAgent),
  'db-manage upgrade': async (values) => {
    const { upgrade } = await import('../db-manage.ts');
    const applied = await upgrade(await databaseUrl(values));
    for (const name of applied) say(`Applied ${name}.`);
    if (applied.length === 0) say('The schema is up to date.');
  },
  'db-manage current': async (values) => {
    const { current } = await import('../db-manage.ts');
    const { applied, pending } = await current(await databaseUrl(values));
    for (const name of applied) say(`applied ${name}`);
    for (const name of pending) say(`pending ${name}`);
  },
  'quota recount': async (values) => {
    const { recountQuotas } = await import('../quota.ts');
    const projects = await recountQuotas(await databaseUrl(values), textOf(values, 'project'));
    say(`Counted what ${projects} project${projects === 1 ? ' has' : 's have'} in use.`);
  },
};
