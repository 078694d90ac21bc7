import type { Config } from '../config/index.ts';
import { migrateToLatest } from '../store/core/migrate.ts';
import { startApi } from './api.ts';
import { startDriverAgent } from './driver-agent.ts';
import { startHealthManager } from './health-manager.ts';
import { startHousekeeping } from './housekeeping.ts';
import { seedNetworks } from './networks.ts';
import { openRuntime, type ProcessService, type Service } from './runtime.ts';
import { startWorker } from './worker.ts';

export interface AllInOneOptions {
  config: Config;
  cloud: 'local' | 'noop';
}

/** Every service in this process, on one store. The API comes last: who reaches it finds the rest running. */
export async function runAllInOne({ config, cloud }: AllInOneOptions): Promise<ProcessService & { endpoint: string }> {
  const runtime = await openRuntime(config);
  const started: Service[] = [];
  const stop = async () => {
    for (const service of started.splice(0).reverse()) await service.stop();
    await runtime.close();
  };
  try {
    await migrateToLatest(runtime.store);
    await seedNetworks(runtime);
    // Without amphorae nobody sends heartbeats.
    if (cloud === 'local') started.push(await startHealthManager(runtime));
    started.push(await startWorker(runtime));
    started.push(await startHousekeeping(runtime));
    started.push(await startDriverAgent(runtime));
    const api = await startApi(runtime);
    started.push(api);
    const reload = (load: () => Config) => {
      if (runtime.reload(load)) for (const service of started) service.reloaded?.();
    };
    return { config: runtime.config, endpoint: api.endpoint, stop, reload };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}
