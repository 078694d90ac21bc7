import type { Config } from '../config/index.ts';
import { purge } from '../housekeeping/purge.ts';
import { tryElection } from '../store/workers.ts';
import { openRuntime, type Runtime, type Service } from './runtime.ts';

const ELECTION_KEY = 0x0c7a_4053;

/** Cleans up every `cleanup_interval`; any number of processes may run, one at a time does the work. */
export async function startHousekeeping({ config, store, log }: Runtime): Promise<Service> {
  const { cleanup_interval, amphora_expiry_age, load_balancer_expiry_age } = config.house_keeping;
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();
  const clean = () =>
    store.transaction(async (tx) => {
      if (!(await tryElection(tx, ELECTION_KEY))) return;
      const purged = await purge(store, {
        amphoraExpiryAge: amphora_expiry_age,
        loadBalancerExpiryAge: load_balancer_expiry_age,
      });
      if (purged.amphorae + purged.loadBalancers > 0) log.info(purged, 'Purged deleted rows');
    });
  const tick = () => {
    round = clean()
      .catch((error: unknown) => log.warn({ err: error }, 'Housekeeping round failed; trying again'))
      .finally(() => {
        if (timer) timer = setTimeout(tick, cleanup_interval * 1000);
      });
  };
  timer = setTimeout(tick, cleanup_interval * 1000);
  return {
    async stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      await round;
    },
  };
}

export async function runHousekeeping(config: Config): Promise<Service> {
  const runtime = await openRuntime(config);
  return alone(runtime, await startHousekeeping(runtime));
}

/** A service that has a process and a runtime to itself. */
export const alone = (runtime: Runtime, service: Service): Service => ({
  async stop() {
    await service.stop();
    await runtime.close();
  },
});
