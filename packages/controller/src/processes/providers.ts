/** The providers of the API: those that are built in, and those that others bring. */
import type { SocketPaths } from '@octavia/provider-lib';
import type { Config } from '../config/index.ts';
import type { OperationQueue } from '../flows/operation-queue.ts';
import { AmphoraProvider } from '../providers/amphora/provider.ts';
import { refuseByContract, refuseUnsupportedCandidate } from '../providers/amphora/refusals.ts';
import type { HostBeat } from '../providers/driver/host-beat.ts';
import { DriverProvider } from '../providers/driver/provider.ts';
import type { Provider } from '../providers/interface.ts';
import { NOOP_PROVIDERS } from '../providers/noop/names.ts';
import { NoopProvider } from '../providers/noop/provider.ts';
import type { NoopSettler } from '../providers/noop/settler.ts';
import { DRIVERS_KEY, findInPackages, makeDriver } from '../providers/packages/load.ts';
import { ProviderRegistry } from '../providers/registry.ts';
import { DRIVER_CALLS, type Runtime } from './runtime.ts';

export async function startProviders(
  runtime: Runtime,
  queue: OperationQueue,
  settler: NoopSettler,
  host: HostBeat,
): Promise<ProviderRegistry> {
  const { config, log } = runtime;
  const { enabled_provider_drivers: enabled, default_provider_driver } = config.api_settings;
  const own = await builtIn(runtime, queue, settler);
  const others = Object.keys(enabled).filter((name) => !(name in own));
  return new ProviderRegistry(
    { ...own, ...(await brought(runtime, others, host)) },
    { ...enabled },
    default_provider_driver,
    log,
  );
}

/** `octavia` is the old name of `amphora`: both lead to the same provider. */
async function builtIn(
  { config, drivers, network }: Runtime,
  queue: OperationQueue,
  settler: NoopSettler,
): Promise<Record<string, Provider>> {
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
  const certificates = await drivers.get('certificateManager');
  const noops = NOOP_PROVIDERS.filter((name) => name in config.api_settings.enabled_provider_drivers).map((name) => {
    return [name, new NoopProvider({ name, description: 'The no-op driver.', settler, certificates })];
  });
  return { amphora, amphorav2: amphora, octavia: amphora, ...Object.fromEntries(noops) };
}

const socketsOf = ({ driver_agent }: Config): SocketPaths => ({
  status_socket: driver_agent.status_socket_path,
  stats_socket: driver_agent.stats_socket_path,
  get_socket: driver_agent.get_socket_path,
});

/** A driver that cannot be loaded is left out: who names it is told so, and the others work. */
async function brought(
  { config, drivers, log }: Runtime,
  names: readonly string[],
  host: HostBeat,
): Promise<Record<string, Provider>> {
  const { provider_packages, provider_driver_timeout, enabled_provider_drivers } = config.api_settings;
  const found = findInPackages(provider_packages, DRIVERS_KEY, log);
  const providers: Record<string, Provider> = {};
  for (const name of names) {
    const driver = found.get(name);
    if (!driver) {
      log.error({ provider: name }, `The provider ${name} is enabled, but nothing brings it`);
      continue;
    }
    try {
      providers[name] = new DriverProvider({
        name,
        description: enabled_provider_drivers[name] ?? '',
        driver: await makeDriver(driver, socketsOf(config), log),
        certificates: await drivers.get('certificateManager'),
        timeoutMs: provider_driver_timeout * 1000,
        maximumCalls: DRIVER_CALLS,
        host: () => host.id,
      });
    } catch (error) {
      log.error({ err: error, provider: name }, `The provider ${name} of ${driver.from} cannot be loaded`);
    }
  }
  if (Object.keys(providers).length > 0) await host.start();
  return providers;
}
