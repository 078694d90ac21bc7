/**
 * Runs the duties of housekeeping, each at its interval. Any number of processes may run one of these; whoever gets the
 * lock does what is due, and when it dies the next one does.
 */
import type { Log } from '@octavia/protocol/log';
import type { Store } from '../store/core/database.ts';
import * as housekeeping from '../store/operations/housekeeping.ts';

export interface DutyOutcome {
  /** What was done, in a few words; null when there was nothing to do. */
  summary: string | null;
  /** There is more to do soon (seconds), not only after the interval. */
  againIn?: number;
}

export interface Duty {
  name: string;
  intervalSeconds: number;
  /** Repeatable: it may be cut off anywhere, and two processes may overlap for a moment when a connection is cut. */
  run(): Promise<DutyOutcome>;
}

export interface HousekeeperOptions {
  store: Store;
  /** Of this process, for operators: host and process id. */
  holder: string;
  duties: readonly Duty[];
  log: Log;
  /** Pause between looks at what is due (ms). */
  tickMs?: number;
}

const TICK_MS = 3_000;
/** A duty that failed is tried again after a minute, or sooner when its interval is shorter. */
const RETRY_SECONDS = 60;

export class Housekeeper {
  readonly #options: HousekeeperOptions;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
  }

  start(): void {
    const { tickMs = TICK_MS, log } = this.#options;
    const tick = () => {
      this.#round = this.round()
        .catch((error: unknown) => log.warn({ err: error }, 'Housekeeping round failed; trying again'))
        .finally(() => {
          if (!this.#stopping) this.#timer = setTimeout(tick, tickMs);
        });
    };
    this.#timer = setTimeout(tick, tickMs);
  }

  /** The duty under way ends first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#round;
  }

  /** Does what is due. @returns false when another process keeps house */
  round(): Promise<boolean> {
    const { store, duties } = this.#options;
    return housekeeping.whileAlone(store, async (isHeld) => {
      for (const duty of duties) {
        if (this.#stopping || !isHeld()) return;
        await this.#attend(duty);
      }
    });
  }

  async #attend(duty: Duty): Promise<void> {
    const { store, holder, log } = this.#options;
    if (!(await housekeeping.begin(store.db, duty.name, holder, duty.intervalSeconds))) return;
    try {
      const { summary, againIn } = await duty.run();
      if (summary !== null) log.info({ duty: duty.name }, summary);
      await housekeeping.end(store.db, duty.name, summary, null, againIn ?? duty.intervalSeconds);
    } catch (error) {
      log.warn({ duty: duty.name, err: error }, 'A housekeeping duty failed; it is tried again');
      const reason = error instanceof Error ? error.message : String(error);
      const next = Math.min(duty.intervalSeconds, RETRY_SECONDS);
      await housekeeping.end(store.db, duty.name, null, reason, next).catch(() => undefined);
    }
  }
}
