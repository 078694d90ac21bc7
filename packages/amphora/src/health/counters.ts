/**
 * Turns HAProxy's running totals into what was not reported yet, over restarts of HAProxy and of the agent: the last
 * totals and the unreported rest are kept in a file, written before each heartbeat leaves.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import type { Reading, Totals } from './statistics.ts';

interface Counter {
  worker: string;
  last: Totals;
  pending: Totals;
}

const NAMES = ['tx', 'rx', 'totconns', 'ereq'] as const;
/** A key is a listener's id, with the name of one of its services behind a space where it has several. */
const listenerOf = (key: string): string => key.split(' ', 1)[0] ?? key;
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
  readonly #askedAt = new Map<string, number>();

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
        log.warn({ file: path, err: error }, 'The file of counters is not usable; counting starts anew');
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

  /**
   * Adds what happened since the last reading to what is to be reported. One that was asked for before the last one is passed
   * over: its smaller totals would look like those of a new worker and count everything again.
   */
  absorb(reading: Reading): void {
    for (const [id, { stats, counters }] of Object.entries(reading.listeners)) {
      const { askedAt = Number.POSITIVE_INFINITY } = reading;
      if (askedAt < (this.#askedAt.get(id) ?? 0)) continue;
      if (reading.askedAt !== undefined) this.#askedAt.set(id, askedAt);
      if (counters === undefined) this.#absorb(id, reading.worker, stats);
      else this.#absorbParts(id, reading.worker, counters);
    }
  }

  #absorb(key: string, worker: string, { tx, rx, totconns, ereq }: Totals): void {
    const now: Totals = { tx, rx, totconns, ereq };
    const before = this.#counters.get(key);
    const continues = before?.worker === worker && NAMES.every((name) => now[name] >= before.last[name]);
    const growth = continues ? combine(now, before.last, -1) : now;
    const pending = combine(before?.pending ?? zero(), growth, 1);
    this.#counters.set(key, { worker, last: now, pending });
  }

  #absorbParts(id: string, worker: string, parts: Record<string, Totals>): void {
    for (const [name, totals] of Object.entries(parts)) this.#absorb(`${id} ${name}`, worker, totals);
    for (const key of this.#keysOf(id)) {
      const counter = this.#counters.get(key);
      // What is gone begins at zero when it comes back.
      if (counter !== undefined && !Object.hasOwn(parts, key.slice(id.length + 1))) counter.last = zero();
    }
  }

  /** The listener itself, or its parts. */
  #keysOf(id: string): string[] {
    return [...this.#counters.keys()].filter((key) => listenerOf(key) === id);
  }

  /** What is to be reported for a listener; from now on it counts as reported. */
  take(id: string): Totals {
    let sum = zero();
    for (const key of this.#keysOf(id)) {
      const counter = this.#counters.get(key);
      if (counter === undefined) continue;
      sum = combine(sum, counter.pending, 1);
      counter.pending = zero();
    }
    return sum;
  }

  /** Undoes `take` when the message could not leave. */
  giveBack(id: string, totals: Totals): void {
    const counter = this.#counters.get(this.#keysOf(id)[0] ?? '');
    if (counter !== undefined) counter.pending = combine(counter.pending, totals, 1);
  }

  /** Forgets listeners that no stored configuration has any more. */
  retain(known: Set<string>): void {
    this.#counters = new Map([...this.#counters].filter(([key]) => known.has(listenerOf(key))));
    for (const id of this.#askedAt.keys()) if (!known.has(id)) this.#askedAt.delete(id);
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
