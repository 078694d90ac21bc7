/** What drivers say that their listeners have counted: absolute numbers, for every statistics driver. */
import type { Log } from '@octavia/protocol/log';
import { canonicalUuid } from '../domain/uuid.ts';
import type { StatisticsDriver } from '../health/statistics/interface.ts';
import type { Store } from '../store/core/database.ts';
import type { ListenerCounts } from '../store/heartbeats/heartbeat-statistics.ts';
import { providersOfListeners } from '../store/resources/statistics.ts';

export interface StatisticsUpdatesOptions {
  store: Store;
  statistics: readonly StatisticsDriver[];
  /** Their listeners are counted by their amphorae. */
  foreign: readonly string[];
  log: Log;
}

const COUNTERS = {
  active_connections: 'activeConnections',
  bytes_in: 'bytesIn',
  bytes_out: 'bytesOut',
  request_errors: 'requestErrors',
  total_connections: 'totalConnections',
} as const satisfies Record<string, keyof ListenerCounts>;

class Refused extends Error {
  readonly id: string | null;

  constructor(text: string, id: string | null = null) {
    super(text);
    this.id = id;
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws Refused */
function countsOf(record: unknown): ListenerCounts {
  if (!isMap(record)) throw new Refused('A record of listeners is no map.');
  const { id } = record;
  if (id === undefined || id === null || id === '') throw new Refused('A record of listeners has no id.');
  const listenerId = canonicalUuid(String(id));
  if (listenerId === null) throw new Refused(`The id of a listener is no UUID: ${String(id)}.`, String(id));
  const counts = Object.entries(COUNTERS).map(([name, field]) => {
    const value = record[name];
    if (isCount(value)) return [field, value];
    const said = value === undefined ? 'missing' : JSON.stringify(value);
    throw new Refused(`${name} of listener ${String(id)} is no whole number from 0: ${said}.`, String(id));
  });
  // There is no amphora: the listener stands in its place.
  return { listenerId, amphoraId: listenerId, ...Object.fromEntries(counts) } as ListenerCounts;
}

/** The last of each listener, in the order in which their rows are locked. @throws Refused */
function readStatistics(message: unknown): ListenerCounts[] {
  if (!isMap(message)) throw new Refused('The message is no map.');
  const { listeners = [] } = message;
  if (!Array.isArray(listeners)) throw new Refused('listeners is no list.');
  const counts = new Map(listeners.map((record) => countsOf(record)).map((one) => [one.listenerId, one]));
  return [...counts.values()].sort((a, b) => (a.listenerId < b.listenerId ? -1 : 1));
}

export class StatisticsUpdates {
  readonly #options: StatisticsUpdatesOptions;

  constructor(options: StatisticsUpdatesOptions) {
    this.#options = options;
  }

  /** The answer of the protocol. Listeners that are not there (any more) are left out. */
  async answer(message: unknown): Promise<object> {
    try {
      await this.#record(readStatistics(message));
      return { status_code: 200 };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#options.log.info({}, `Statistics were refused: ${text}`);
      const id = error instanceof Refused ? error.id : null;
      return {
        status_code: 500,
        fault_string: text,
        stats_object: 'listeners',
        ...(id === null ? {} : { stats_object_id: id }),
      };
    }
  }

  async #record(counts: readonly ListenerCounts[]): Promise<void> {
    if (counts.length === 0) return;
    const { store, statistics, foreign } = this.#options;
    await store.transaction(async (tx) => {
      const providers = await providersOfListeners(
        tx,
        counts.map(({ listenerId }) => listenerId),
      );
      for (const [id, provider] of providers) {
        if (!foreign.includes(provider)) continue;
        const text = `Listener ${id} is not a driver's to count: the provider ${provider} is built in.`;
        throw new Refused(text, id);
      }
      const known = counts.filter(({ listenerId }) => providers.has(listenerId));
      for (const driver of statistics) await driver.update(tx, known, false);
    });
  }
}
