/**
 * Turns HAProxy's running totals into what was not reported yet, over restarts of HAProxy and of the agent: the last
 * totals and the unreported rest are kept in a file, written before each heartbeat leaves.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, messageOf } from '../log.ts';
import type { HeartbeatStats } from '../protocol/heartbeat.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import type { Reading } from './statistics.ts';

export type Totals = Omit<HeartbeatStats, 'conns'>;

interface Counter {
  worker: string;
  last: Totals;
  pending: Totals;
}

const NAMES = ['tx', 'rx', 'totconns', 'ereq'] as const;
const zero = (): Totals => ({ tx: 0, rx: 0, totconns: 0, ereq: 0 });
const combine = (a: Totals, b: Totals, sign: 1 | -1): Totals => ({
  tx: a.tx + sign * b.tx,
  rx: a.rx + sign * b.rx,
  totconns: a.totconns + sign * b.totconns,
  ereq: a.ereq + sign * b.ereq,
});

export class Counters {
  readonly #path: string;
  readonly #lock = new KeyedLock();
  #counters: Map<string, Counter>;
  #sequence: number;

  private constructor(path: string, counters: Map<string, Counter>, sequence: number) {
    this.#path = path;
    this.#counters = counters;
    this.#sequence = sequence;
  }

  /** @param now wall clock, milliseconds */
  static async load(basePath: string, log: Log, now: number): Promise<Counters> {
    const path = join(basePath, 'health-counters.json');
    try {
      const { counters, sequence } = parse(await readFile(path, 'utf8'));
      return new Counters(path, counters, Math.max(sequence, now));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        log.warn(`${path} is not usable, counting starts anew: ${messageOf(error)}`);
      }
      return new Counters(path, new Map(), now);
    }
  }

  /**
   * Number of the next message. It begins with the clock and is kept, so that it rises also over restarts: the receiver can
   * tell a restarted agent from somebody who replays old messages.
   */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** Adds what happened since the last reading to what is to be reported. */
  absorb(reading: Reading): void {
    for (const [id, { stats }] of Object.entries(reading.listeners)) {
      const now: Totals = { tx: stats.tx, rx: stats.rx, totconns: stats.totconns, ereq: stats.ereq };
      const before = this.#counters.get(id);
      const continues = before?.worker === reading.worker && NAMES.every((name) => now[name] >= before.last[name]);
      const growth = continues ? combine(now, before.last, -1) : now;
      const pending = combine(before?.pending ?? zero(), growth, 1);
      this.#counters.set(id, { worker: reading.worker, last: now, pending });
    }
  }

  /** What is to be reported for a listener; from now on it counts as reported. */
  take(id: string): Totals {
    const counter = this.#counters.get(id);
    if (counter === undefined) return zero();
    const { pending } = counter;
    counter.pending = zero();
    return pending;
  }

  /** Undoes `take` when the message could not leave. */
  giveBack(id: string, totals: Totals): void {
    const counter = this.#counters.get(id);
    if (counter !== undefined) counter.pending = combine(counter.pending, totals, 1);
  }

  /** Forgets listeners that no stored configuration has any more. */
  retain(known: Set<string>): void {
    this.#counters = new Map([...this.#counters].filter(([id]) => known.has(id)));
  }

  save(): Promise<void> {
    return this.#lock.run('file', () =>
      writeFileAtomic(
        this.#path,
        JSON.stringify({ version: 1, sequence: this.#sequence, listeners: Object.fromEntries(this.#counters) }),
        0o600,
      ),
    );
  }
}

function parse(text: string): { counters: Map<string, Counter>; sequence: number } {
  const data = JSON.parse(text) as {
    version?: unknown;
    sequence?: unknown;
    listeners?: Record<string, Counter>;
  } | null;
  if (data?.version !== 1 || typeof data.listeners !== 'object') throw new Error('not a counter file of version 1');
  const entries = Object.entries(data.listeners);
  const whole = (totals: Totals): boolean => NAMES.every((name) => Number.isSafeInteger(totals[name]));
  if (!entries.every(([, { worker, last, pending }]) => typeof worker === 'string' && whole(last) && whole(pending))) {
    throw new Error('a counter is damaged');
  }
  const { sequence } = data;
  return { counters: new Map(entries), sequence: Number.isSafeInteger(sequence) ? Number(sequence) : 0 };
}
