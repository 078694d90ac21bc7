import type { Amphora } from '../../src/domain/resources.ts';
import { AmphoraWatch, type WatchDependencies, type WatchOptions } from '../../src/health/amphora-watch.ts';
import type { Clock } from '../../src/health/clock.ts';
import type { Store } from '../../src/store/core/database.ts';
import * as amphorae from '../../src/store/resources/amphorae.ts';
import * as loadBalancers from '../../src/store/resources/load-balancers.ts';
import { aLoadBalancer, anAmphora } from '../support/resources.ts';

/** A load balancer with an amphora heard so many seconds ago. @returns the amphora */
export async function heardAgo(store: Store, seconds: number, changes: Partial<Amphora> = {}): Promise<Amphora> {
  const loadBalancer = aLoadBalancer({ operatingStatus: 'ONLINE' });
  const amphora = anAmphora(loadBalancer.id, changes);
  await store.transaction(async (tx) => {
    await loadBalancers.insert(tx, loadBalancer);
    await amphorae.insert(tx, amphora);
  });
  await store.pool.query(
    `insert into amphora_health (amphora_id, last_update, last_seq) values ($1, now() - make_interval(secs => $2), 1)`,
    [amphora.id, seconds],
  );
  return amphora;
}

interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export function notedLog() {
  const lines: LogLine[] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Record<string, unknown> });
  return { lines, debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}

const OPTIONS: WatchOptions = {
  id: 'manager',
  heartbeatTimeout: 60,
  heartbeatInterval: 10,
  healthCheckInterval: 3,
  failoverThreshold: null,
  threads: 10,
  massLossPercent: 100,
  budgetPercent: 100,
  zoneBudgetPercent: 100,
  ratePerMinute: 100,
};

/**
 * A watch that hears everything, past its first timeout. `replaced` fills with what it has replaced; a replaced amphora
 * becomes busy, as the failover would make it.
 */
export function watching(
  store: Store,
  options: Partial<WatchOptions> = {},
  more: Partial<WatchDependencies> = {},
): { watch: AmphoraWatch; replaced: string[]; log: ReturnType<typeof notedLog>; sleep(ms: number): void } {
  let time = 0;
  const clock: Clock = { monotonic: () => time, wall: () => time };
  const log = notedLog();
  const replaced: string[] = [];
  const watch = new AmphoraWatch(
    { ...OPTIONS, ...options },
    {
      store,
      hearing: { lastHeard: 0, behindSince: null, failures: 0 },
      async requestFailover(tx, amphoraId) {
        await amphorae.markHealthBusy(tx, amphoraId);
        replaced.push(amphoraId);
        return 'queued';
      },
      answers: async () => false,
      log,
      clock,
      ...more,
    },
  );
  const sleep = (ms: number) => {
    time += ms;
  };
  return { watch, replaced, log, sleep };
}

/** Looks often enough to be trusted with a judgement. */
export async function wakeUp({ watch, sleep }: { watch: AmphoraWatch; sleep(ms: number): void }): Promise<void> {
  for (let seconds = 0; seconds < 60; seconds += 5) {
    await watch.look();
    sleep(5_000);
  }
}
