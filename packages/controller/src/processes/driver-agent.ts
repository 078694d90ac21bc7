import type { Config } from '../config/index.ts';
import { DriverAgent } from '../driver-agent/driver-agent.ts';
import { OWN_AGENTS, PROVIDER_AGENTS_KEY } from '../driver-agent/provider-agents.ts';
import { AMPHORA_PROVIDERS } from '../providers/amphora/names.ts';
import { HostBeat } from '../providers/driver/host-beat.ts';
import { type FoundDriver, findInPackages } from '../providers/packages/load.ts';
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
    agents: providerAgents(runtime),
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

/** Those that are enabled; what is installed and not enabled is not even loaded. */
function providerAgents({ config, log }: Runtime): FoundDriver[] {
  const { enabled_provider_agents: enabled } = config.driver_agent;
  if (enabled.length === 0) return [];
  const brought = findInPackages(config.api_settings.provider_packages, PROVIDER_AGENTS_KEY, log);
  return [...new Set(enabled)].flatMap((name) => {
    const own = Object.hasOwn(OWN_AGENTS, name) ? OWN_AGENTS[name] : undefined;
    const agent = own === undefined ? brought.get(name) : { name, ...own };
    if (agent === undefined) log.error({ agent: name }, `The provider agent ${name} is enabled, but nothing brings it`);
    return agent ?? [];
  });
}

export const runDriverAgent = (config: Config): Promise<ProcessService> => {
  process.title = TITLE;
  return alone('driver-agent', config, startDriverAgent);
};
