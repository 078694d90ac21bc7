import { randomUUID } from 'node:crypto';
import { Policy } from '../api/policy/policy.ts';
import { buildServer } from '../api/server.ts';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { OperationQueue } from '../flows/operation-queue.ts';
import { HostBeat } from '../providers/driver/host-beat.ts';
import { NOOP_PROVIDERS } from '../providers/noop/names.ts';
import { NoopSettler } from '../providers/noop/settler.ts';
import { migrationStatus } from '../store/core/migrate.ts';
import { startProviders } from './providers.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

export interface ApiService extends Service {
  /** e.g. `http://127.0.0.1:9876` */
  endpoint: string;
}

/** Serves the HTTP API on [api_settings] bind_host:bind_port. @throws OctaviaError */
export async function startApi(runtime: Runtime): Promise<ApiService> {
  const { config, store, drivers, network, log } = runtime;
  const identity = await drivers.get('identity');
  const policy = new Policy({
    settings: config.oslo_policy,
    everybodyIsAdmin: identity.trustsEverybody,
    log,
    now: () => new Date(),
  });
  const queue = new OperationQueue();
  const settler = new NoopSettler({ store, providers: NOOP_PROVIDERS, log });
  const beat = new HostBeat(store.db, { role: 'driver', host: config.DEFAULT.host }, log);
  const providers = await startProviders(runtime, queue, settler, beat);
  const server = buildServer({
    config,
    store,
    network,
    certificates: await drivers.get('certificateManager'),
    providers: providers.registry,
    identity,
    notifications: (settings) => drivers.notifications(settings),
    policy,
    now: () => new Date(),
    newId: randomUUID,
    logger: log,
  });
  const { bind_host: host, bind_port: port } = config.api_settings;
  try {
    const endpoint = await server.listen({ host, port, listenTextResolver: (address) => `API listens on ${address}` });
    if (NOOP_PROVIDERS.some((name) => name in config.api_settings.enabled_provider_drivers)) settler.start();
    return {
      endpoint,
      async stop() {
        await server.close();
        await providers.close();
        await beat.stop();
      },
    };
  } catch (error) {
    await server.close();
    await providers.close();
    await beat.stop();
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : message;
    const options = '[api_settings] bind_host and bind_port';
    throw new OctaviaError(
      'LISTEN_FAILED',
      { service: 'API', host, port: `port ${port}`, reason, options },
      { cause: error },
    );
  }
}

export const runApi = (config: Config): Promise<ProcessService> =>
  alone('api', config, async (runtime) => {
    await requireSchema(runtime);
    return startApi(runtime);
  });

async function requireSchema({ store }: Runtime): Promise<void> {
  const { pending } = await migrationStatus(store.db);
  if (pending.length === 0) return;
  throw new OctaviaError('SCHEMA_OUTDATED', { migrations: pending.join(', ') });
}
