import { randomUUID } from 'node:crypto';
import { Policy } from '../api/policy/policy.ts';
import { buildServer } from '../api/server.ts';
import type { Config } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { OperationQueue } from '../flows/operation-queue.ts';
import { AmphoraProvider } from '../providers/amphora/provider.ts';
import { refuseByContract, refuseUnsupportedCandidate } from '../providers/amphora/refusals.ts';
import { NoopProvider } from '../providers/noop/provider.ts';
import { NoopSettler } from '../providers/noop/settler.ts';
import { ProviderRegistry } from '../providers/registry.ts';
import { migrationStatus } from '../store/core/migrate.ts';
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
  const server = buildServer({
    config,
    store,
    network,
    certificates: await drivers.get('certificateManager'),
    providers: await providers(runtime, queue, settler),
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
      stop: () => server.close(),
    };
  } catch (error) {
    await server.close();
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

const NOOP_PROVIDERS = ['noop_driver', 'noop_driver-alt'];

/** `octavia` is the old name of `amphora`: both lead to the same provider. */
async function providers(runtime: Runtime, queue: OperationQueue, settler: NoopSettler): Promise<ProviderRegistry> {
  const { config, drivers, network, log } = runtime;
  const { enabled_provider_drivers, default_provider_driver } = config.api_settings;
  const { carriesTraffic } = await drivers.module('dataplane');
  const compute = carriesTraffic ? await drivers.get('compute') : null;
  const amphora = new AmphoraProvider({
    name: 'amphora',
    description: 'The Octavia Amphora driver.',
    queue,
    network,
    ...(compute === null ? {} : { compute }),
    check: compute === null ? refuseByContract : (candidate) => refuseUnsupportedCandidate(candidate, compute),
  });
  const backendless = NOOP_PROVIDERS.map((name) => [name, new NoopProvider(name, 'The no-op driver.', settler)]);
  return new ProviderRegistry(
    { amphora, amphorav2: amphora, octavia: amphora, ...Object.fromEntries(backendless) },
    { ...enabled_provider_drivers },
    default_provider_driver,
    log,
  );
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
