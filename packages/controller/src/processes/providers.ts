/** The providers of the API: those that are built in, and those that others bring. */
import { resolve } from 'node:path';
import type { ProviderDriver } from '@octavia/provider-lib';
import type { OperationQueue } from '../flows/operation-queue.ts';
import { AmphoraProvider } from '../providers/amphora/provider.ts';
import { refuseByContract, refuseUnsupportedCandidate } from '../providers/amphora/refusals.ts';
import { BridgeDriver } from '../providers/bridge/driver.ts';
import { HostedDriver } from '../providers/bridge/hosted.ts';
import { installedInPython, serveArguments } from '../providers/bridge/python-host.ts';
import { remoteHome } from '../providers/bridge/remote.ts';
import { HostBeat } from '../providers/driver/host-beat.ts';
import { DriverProvider } from '../providers/driver/provider.ts';
import { socketsOf } from '../providers/driver/sockets.ts';
import type { Provider } from '../providers/interface.ts';
import { NOOP_PROVIDERS } from '../providers/noop/names.ts';
import { NoopProvider } from '../providers/noop/provider.ts';
import type { NoopSettler } from '../providers/noop/settler.ts';
import { DRIVERS_KEY, findInPackages, makeDriver } from '../providers/packages/load.ts';
import { ProviderRegistry } from '../providers/registry.ts';
import { DRIVER_CALLS, type Runtime } from './runtime.ts';

interface Brought {
  providers: Record<string, Provider>;
  close: (() => Promise<void>)[];
}

export async function startProviders(
  runtime: Runtime,
  queue: OperationQueue,
  settler: NoopSettler,
  host: HostBeat,
): Promise<{ registry: ProviderRegistry; close(): Promise<void> }> {
  const { config, log } = runtime;
  const { enabled_provider_drivers: enabled, default_provider_driver } = config.api_settings;
  const own = await builtIn(runtime, queue, settler);
  const others = Object.keys(enabled).filter((name) => !(name in own));
  const { providers, close } = await brought(runtime, others, host);
  return {
    registry: new ProviderRegistry({ ...own, ...providers }, { ...enabled }, default_provider_driver, log),
    async close() {
      await Promise.all(close.map((one) => one()));
    },
  };
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

/** A driver that cannot be loaded is left out: who names it is told so, and the others work. */
async function brought(runtime: Runtime, names: readonly string[], host: HostBeat): Promise<Brought> {
  const { config, log, drivers } = runtime;
  const { provider_driver_timeout, enabled_provider_drivers } = config.api_settings;
  const sources = await findSources(runtime, names);
  const brought: Brought = { providers: {}, close: [] };
  for (const name of names) {
    const source = sources.get(name);
    if (!source) {
      log.error({ provider: name }, `The provider ${name} is enabled, but nothing brings it`);
      continue;
    }
    try {
      const driver = await source.make();
      const bridge = driver instanceof BridgeDriver ? driver : null;
      if (bridge) brought.close.push(() => bridge.close());
      brought.providers[name] = new DriverProvider({
        name,
        description: enabled_provider_drivers[name] ?? '',
        driver,
        certificates: await drivers.get('certificateManager'),
        timeoutMs: provider_driver_timeout * 1000,
        maximumCalls: DRIVER_CALLS,
        // What a driver elsewhere was given does not end with this process.
        ...(source.isElsewhere ? {} : { host: () => source.hostId?.() ?? host.id }),
        ...(bridge ? { isLoaded: () => bridge.isLoaded() } : {}),
      });
    } catch (error) {
      log.error({ err: error, provider: name }, `The provider ${name} of ${source.from} cannot be loaded`);
    }
  }
  if (Object.keys(brought.providers).length > 0) await host.start();
  return brought;
}

interface Source {
  /** For people. */
  from: string;
  isElsewhere?: true;
  make(): ProviderDriver | Promise<ProviderDriver>;
  /** Of the process that the driver is in, where that is not this one; null: it does not run at the moment. */
  hostId?(): string | null;
}

/** Calls that hold no change, such as for VIPs and flavors, come on top of the others. */
const CONNECTIONS = DRIVER_CALLS + 10;

/** Packages of npm first, then what the configuration says is elsewhere, then what is installed for Python. */
async function findSources({ config, log, store }: Runtime, names: readonly string[]): Promise<Map<string, Source>> {
  const { provider_packages, provider_driver_timeout, remote_provider_drivers, ...settings } = config.api_settings;
  const timeoutMs = provider_driver_timeout * 1000;
  const sockets = socketsOf(config.driver_agent);
  const packages = findInPackages(provider_packages, DRIVERS_KEY, log);
  const tls = {
    ca: settings.remote_provider_ca_file,
    certificate: settings.remote_provider_cert_file,
    key: settings.remote_provider_key_file,
  };
  const sources = new Map<string, Source>();
  for (const name of names) {
    const driver = packages.get(name);
    const address = remote_provider_drivers[name];
    if (driver) sources.set(name, { from: driver.from, make: () => makeDriver(driver, sockets, log) });
    else if (address !== undefined) {
      const make = () => new BridgeDriver(remoteHome(address, tls, CONNECTIONS), timeoutMs);
      sources.set(name, { from: address, isElsewhere: true, make });
    }
  }
  if (names.every((name) => sources.has(name))) return sources;
  const command = settings.provider_python;
  const debug = config.DEFAULT.debug;
  for (const [name, from] of await installedInPython(command, 'octavia.api.drivers', log)) {
    if (!names.includes(name) || sources.has(name)) continue;
    const given = { name, configFiles: config.files.map((file) => resolve(file)), sockets, debug };
    const host = { name, command, arguments: (socket: string) => serveArguments(given, socket) };
    let hosted: HostedDriver | null = null;
    const make = () => {
      const newBeat = () => new HostBeat(store.db, { role: 'driver', host: config.DEFAULT.host }, log);
      hosted = new HostedDriver({ ...host, connections: CONNECTIONS, log, newBeat });
      return new BridgeDriver(hosted, timeoutMs);
    };
    sources.set(name, { from, make, hostId: () => hosted?.hostId ?? null });
  }
  return sources;
}
