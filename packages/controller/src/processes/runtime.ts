/** What every service stands on: configuration, log, store and the drivers the configuration names. */
import type { Log } from '@octavia/protocol/log';
import type { LocalInstance } from '../clouds/local-host/instance.ts';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import { type Config, describeConfig } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { Store } from '../store/core/database.ts';
import { createLogger, type Logger } from './logger.ts';
import { reload } from './reload.ts';

export interface Runtime {
  config: Config;
  log: Logger;
  databaseUrl: string;
  store: Store;
  network: NetworkDriver;
  /** The local cloud's instance when a local driver is in use. */
  instance: LocalInstance | null;
  /** Adopts the mutable options of a configuration read afresh. @returns false when it was refused */
  reload(load: () => Config): boolean;
  close(): Promise<void>;
}

export interface Service {
  stop(): Promise<void>;
  /** Mutable options have new values: for services that do not look at the configuration whenever they need one. */
  reloaded?(): void;
}

/** A service, or all of them, that own their process. */
export interface ProcessService extends Service {
  /** With what was reloaded. */
  readonly config: Config;
  reload(load: () => Config): void;
}

/** Opens the store and the network driver. @param process in log lines @throws OctaviaError */
export async function openRuntime(given: Config, process?: string): Promise<Runtime> {
  // A copy, for a reload changes it.
  const config = { ...given };
  const databaseUrl = config.database.connection;
  if (!databaseUrl) throw new OctaviaError('DATABASE_NOT_SET');
  const log = createLogger(config, process);
  for (const warning of config.warnings) log.warn({}, warning);
  logOptions(config, log);
  const store = new Store({
    url: databaseUrl,
    maxConnections: config.database.max_pool_size || 20,
    onIdleError: (error) => log.warn({ reason: error.message }, 'Lost an idle database connection'),
  });
  try {
    const instance = await localInstance(config);
    const network = await networkDriver(config, store, instance);
    return {
      config,
      log,
      databaseUrl,
      store,
      network,
      instance,
      reload(load) {
        const adopted = reload(config, load, log);
        if (adopted) logOptions(config, log);
        return adopted;
      },
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** `[DEFAULT] log_options`: every value, secrets covered. */
function logOptions(config: Config, log: Log): void {
  if (!config.DEFAULT.log_options || !config.DEFAULT.debug) return;
  for (const { section, name, value } of describeConfig(config)) log.debug({}, `[${section}] ${name} = ${value}`);
}

/** Runs one service with a runtime of its own. */
export async function alone(
  process: string,
  config: Config,
  start: (runtime: Runtime) => Promise<Service>,
): Promise<ProcessService> {
  const runtime = await openRuntime(config, process);
  try {
    const service = await start(runtime);
    return {
      config: runtime.config,
      reload(load) {
        if (runtime.reload(load)) service.reloaded?.();
      },
      async stop() {
        await service.stop();
        await runtime.close();
      },
    };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

const usesLocalHost = ({ controller_worker }: Config): boolean =>
  controller_worker.compute_driver === 'compute_local_driver' ||
  controller_worker.network_driver === 'network_local_driver';

async function localInstance(config: Config): Promise<LocalInstance | null> {
  if (!usesLocalHost(config)) return null;
  const { readInstance } = await import('../clouds/local-host/instance.ts');
  const stateDir = config.local_cloud.state_dir;
  const instance = await readInstance(stateDir);
  if (!instance) throw new OctaviaError('LOCAL_CLOUD_MISSING', { stateDir });
  return instance;
}

async function networkDriver(config: Config, store: Store, instance: LocalInstance | null): Promise<NetworkDriver> {
  const name = config.controller_worker.network_driver;
  switch (name) {
    case 'network_local_driver': {
      const { LocalNetworkDriver } = await import('../clouds/network/local/driver.ts');
      return new LocalNetworkDriver(store.db, instance);
    }
    case 'network_noop_driver': {
      const { NoopNetworkDriver } = await import('../clouds/network/noop/driver.ts');
      return new NoopNetworkDriver(store.db);
    }
    default:
      throw new OctaviaError('UNKNOWN_CHOICE', {
        option: '[controller_worker] network_driver',
        value: name,
        known: 'network_local_driver, network_noop_driver',
      });
  }
}
