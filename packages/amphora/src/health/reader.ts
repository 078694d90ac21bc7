/** Reads all HAProxy processes of the amphora side by side; one that does not answer is left out. */
import { listenersOf } from '../haproxy/config-text.ts';
import type { LoadBalancerService } from '../haproxy/load-balancer.ts';
import type { Log } from '../log.ts';
import { type Reading, readStatistics } from './statistics.ts';

/** A change that takes longer is no moment any more: what HAProxy says then is reported. */
const CHANGE_LIMIT_MS = 5_000;

export class HealthReader {
  readonly #log: Log;
  readonly #last = new Map<string, { at: number; reading: Reading }>();
  readonly #silent = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Looks in a row at a HAProxy that runs and does not answer; 0 for one that was never asked. */
  silentLooks(id: string): number {
    return this.#silent.get(id) ?? 0;
  }

  async readAll(services: LoadBalancerService[]): Promise<Reading[]> {
    const readings = await Promise.all(services.map((service) => this.#read(service)));
    return readings.filter((reading) => reading !== null);
  }

  async knownListeners(services: LoadBalancerService[]): Promise<Set<string>> {
    const known = new Set<string>();
    for (const service of services) {
      const text = (await service.stored())?.toString('utf8') ?? '';
      for (const { id } of listenersOf(text)) known.add(id);
    }
    return known;
  }

  async #read(service: LoadBalancerService): Promise<Reading | null> {
    const last = this.#last.get(service.id);
    if (service.changing && last !== undefined && performance.now() - last.at < CHANGE_LIMIT_MS) return last.reading;
    this.#last.delete(service.id);
    try {
      if (!(await service.isServing())) {
        this.#silent.delete(service.id);
        return null;
      }
      const askedAt = performance.now();
      const reading = { ...(await readStatistics(service.paths.statsSocket)), askedAt };
      // A reload that began meanwhile may have paused the listeners in this very answer.
      if (service.changing && last !== undefined) return last.reading;
      this.#last.set(service.id, { at: performance.now(), reading });
      this.#silent.delete(service.id);
      return reading;
    } catch (error) {
      this.#silent.set(service.id, this.silentLooks(service.id) + 1);
      this.#log.warn({ id: service.id, err: error }, 'HAProxy could not be asked');
      return null;
    }
  }
}
