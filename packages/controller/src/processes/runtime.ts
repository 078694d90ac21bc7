/** What every service stands on: configuration, log, store and the drivers the configuration names. */
import type { Log } from '@octavia/protocol/log';
import type { NetworkDriver } from '../clouds/network/interface.ts';
import { type Config, describeConfig } from '../config/index.ts';
import { OctaviaError } from '../errors.ts';
import { isBuiltIn } from '../providers/built-in.ts';
import { Store } from '../store/core/database.ts';
import { Drivers } from './drivers/drivers.ts';
import { createLogger, type Logger } from './logger.ts';
import { reload } from './reload.ts';

export interface Runtime {
  config: Config;
  log: Logger;
  databaseUrl: string;
  store: Store;
  drivers: Drivers;
  /** Of `drivers`: every service needs it. */
  network: NetworkDriver;
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

/** Calls of one provider driver at the same time. Each holds a connection to the database while the driver thinks. */
export const DRIVER_CALLS = 20;

/** Whether drivers of others are called; all processes are given the connections, for the API may be in any of them. */
const callsDrivers = ({ api_settings }: Config): boolean =>
  Object.keys(api_settings.enabled_provider_drivers).some((name) => !isBuiltIn(name));

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
    maxConnections: (config.database.max_pool_size || 20) + (callsDrivers(config) ? DRIVER_CALLS : 0),
    onIdleError: (error) => log.warn({ reason: error.message }, 'Lost an idle database connection'),
  });
  const drivers = new Drivers({ config, log, database: store.db });
  const close = async () => {
    await drivers.stop();
    await store.close();
  };
  try {
    return {
      config,
      log,
      databaseUrl,
      store,
      drivers,
      network: await drivers.get('network'),
      reload(load) {
        const adopted = reload(config, load, log);
        if (adopted) logOptions(config, log);
        return adopted;
      },
      close,
    };
  } catch (error) {
    await close();
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
