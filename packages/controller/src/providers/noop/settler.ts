/**
 * Carries out what the noop providers accepted. Load balancers noted while a transaction runs are settled together by the
 * next one: under load one transaction serves dozens of creates. Crash-safe by looking at what is left over instead of
 * remembering: at start, and then regularly, everything PENDING under these providers is settled.
 */
import type { Log } from '@octavia/protocol/log';
import { pendingUnder, settleWithoutHealthReports } from '../../status/without-health-reports.ts';
import type { Store } from '../../store/core/database.ts';
import { isContention } from '../../store/core/unavailable.ts';
import type { Settler } from './provider.ts';

export interface NoopSettlerOptions {
  store: Store;
  /** Names of the providers whose load balancers are settled. */
  providers: readonly string[];
  log: Pick<Log, 'warn'>;
  /** How long a batch collects, in milliseconds: short for who waits, long enough that one commit serves many. */
  collectMs?: number;
  /** Between looks at what others left PENDING, in milliseconds. */
  sweepMs?: number;
}

/** More than a transaction should hold locks of. */
const BATCH = 200;

export class NoopSettler implements Settler {
  readonly #options: Required<NoopSettlerOptions>;
  readonly #noted = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #sweep: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: NoopSettlerOptions) {
    this.#options = { collectMs: 25, sweepMs: 15_000, ...options };
  }

  /** Settles what an earlier process left, and keeps looking. */
  start(): void {
    const look = async () => {
      try {
        for (const id of await pendingUnder(this.#options.store.db, this.#options.providers)) this.add(id);
      } catch (error) {
        this.#options.log.warn({ err: error }, 'Could not look for unsettled load balancers; trying again');
      }
      if (!this.#stopped) this.#sweep = setTimeout(look, this.#options.sweepMs).unref();
    };
    void look();
  }

  /** Resolves when nothing is left to settle. */
  async idle(): Promise<void> {
    while (this.#running || this.#noted.size > 0) {
      if (!this.#running) this.#run();
      await this.#running;
    }
  }

  /** What is noted is settled first; the next process finds the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#sweep) clearTimeout(this.#sweep);
    await this.idle();
  }

  add(id: string): void {
    this.#noted.add(id);
    if (this.#running || this.#timer) return;
    this.#timer = setTimeout(() => this.#run(), this.#options.collectMs);
  }

  #run(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running ??= this.#settle().finally(() => {
      this.#running = null;
      if (this.#noted.size > 0 && !this.#timer) {
        this.#timer = setTimeout(() => this.#run(), this.#options.collectMs);
      }
    });
  }

  async #settle(): Promise<void> {
    const batch = [...this.#noted].slice(0, BATCH);
    if (batch.length === 0) return;
    for (const id of batch) this.#noted.delete(id);
    try {
      await this.#options.store.transaction((tx) => settleWithoutHealthReports(tx, batch, this.#options.providers));
    } catch (error) {
      // Others were in the way: at once. Whatever else it was, the sweep finds them again.
      if (isContention(error)) for (const id of batch) this.#noted.add(id);
      this.#options.log.warn({ err: error, loadBalancers: batch.length }, 'Could not settle load balancers');
    }
  }
}
