import { resolve } from 'node:path';
import type { Config } from '../config/index.ts';
import { DriverAgent } from '../driver-agent/driver-agent.ts';
import { nodeAgent, type ProviderAgent, pythonAgent } from '../driver-agent/provider-agent.ts';
import { OWN_AGENTS, PROVIDER_AGENTS_KEY } from '../driver-agent/provider-agents.ts';
import { AMPHORA_PROVIDERS } from '../providers/amphora/names.ts';
import { installedInPython } from '../providers/bridge/python-host.ts';
import { HostBeat } from '../providers/driver/host-beat.ts';
import { findInPackages } from '../providers/packages/load.ts';
import { withComponent } from './logger.ts';
import { alone, type ProcessService, type Runtime, type Service } from './runtime.ts';

const TITLE = 'octavia-driver-agent';

/** Listens for drivers on the sockets of [driver_agent], and runs provider agents. @throws OctaviaError */
export async function startDriverAgent(runtime: Runtime): Promise<Service> {
  const { config, store, drivers, network } = runtime;
  const agent = new DriverAgent({
    settings: config.driver_agent,
    store,
    network,
    certificates: await drivers.get('certificateManager'),
    statistics: await drivers.statistics(),
    foreign: AMPHORA_PROVIDERS,
    agents: await providerAgents(runtime),
    log: withComponent(runtime.log, 'driver-agent'),
  });
  await agent.start();
  const beat = new HostBeat(store.db, { role: 'agent', host: config.DEFAULT.host }, runtime.log);
  await beat.start();
  return {
    async stop() {
      await agent.stop();
      await beat.stop();
    },
  };
}

/**
 * Those that are enabled, of packages of npm first, then of what is installed for Python. What is installed and not enabled is not even
 * loaded.
 */
async function providerAgents({ config, log }: Runtime): Promise<ProviderAgent[]> {
  const enabled = [...new Set(config.driver_agent.enabled_provider_agents)];
  if (enabled.length === 0) return [];
  const { provider_packages, provider_python } = config.api_settings;
  const brought = findInPackages(provider_packages, PROVIDER_AGENTS_KEY, log);
  for (const [name, own] of Object.entries(OWN_AGENTS)) brought.set(name, { name, ...own });
  const isElsewhere = enabled.some((name) => !brought.has(name));
  const inPython = isElsewhere ? await installedInPython(provider_python, PROVIDER_AGENTS_KEY, log) : new Map();
  const configFiles = config.files.map((file) => resolve(file));
  return enabled.flatMap((name) => {
    const module = brought.get(name);
    if (module) return nodeAgent(module);
    if (inPython.has(name)) return pythonAgent(provider_python, { name, configFiles, debug: config.DEFAULT.debug });
    log.error({ agent: name }, `The provider agent ${name} is enabled, but nothing brings it`);
    return [];
  });
}

export const runDriverAgent = (config: Config): Promise<ProcessService> => {
  process.title = TITLE;
  return alone('driver-agent', config, startDriverAgent);
};
