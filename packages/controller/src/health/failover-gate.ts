/**
 * Whether this process may judge amphorae at all. Silence means death only to somebody who listened all the time: who slept,
 * lost the database or has just begun listens for one whole `heartbeat_timeout` first.
 */
import type { Clock } from './clock.ts';
import type { Hearing } from './heartbeat-receiver.ts';

export interface FailoverGateOptions {
  /** `heartbeat_timeout` in milliseconds. */
  timeoutMs: number;
  /** Time between two looks, at most, that still counts as awake. */
  maximumGapMs: number;
}

/** Received heartbeats that are not in the database after this time: what the database says is old. */
const MAXIMUM_LAG_MS = 5_000;

export type Blindness = 'start' | 'paused' | 'database' | 'behind' | 'mass-loss';

export class FailoverGate {
  readonly #options: FailoverGateOptions;
  readonly #clock: Clock;
  readonly #hearing: Hearing;
  #last: { monotonic: number; wall: number };
  #failures: number;
  #until: number;
  #reason: Blindness = 'start';

  constructor(options: FailoverGateOptions, hearing: Hearing, clock: Clock) {
    this.#options = options;
    this.#hearing = hearing;
    this.#clock = clock;
    this.#last = { monotonic: clock.monotonic(), wall: clock.wall() };
    this.#failures = hearing.failures;
    this.#until = this.#last.monotonic + options.timeoutMs;
  }

  databaseLost(): void {
    this.#blindFrom(this.#clock.monotonic(), 'database');
  }

  /** Most amphorae were silent a moment ago: those not heard again yet may just not have had their turn. */
  massLossEnded(): void {
    this.#blindFrom(this.#clock.monotonic(), 'mass-loss');
  }

  /** To be called often; a long time between two calls is a pause. @returns why not to judge now, or null */
  look(): { reason: Blindness; seconds: number } | null {
    const { maximumGapMs, timeoutMs } = this.#options;
    const now = { monotonic: this.#clock.monotonic(), wall: this.#clock.wall() };
    // A machine that slept: only the wall clock went on.
    const gap = Math.max(now.monotonic - this.#last.monotonic, now.wall - this.#last.wall);
    this.#last = now;
    if (gap > maximumGapMs) this.#blindFrom(now.monotonic, 'paused');
    if (this.#hearing.failures !== this.#failures) this.#blindFrom(now.monotonic, 'database');
    this.#failures = this.#hearing.failures;
    const { behindSince } = this.#hearing;
    if (behindSince !== null && now.monotonic - behindSince > Math.min(MAXIMUM_LAG_MS, timeoutMs / 4)) {
      this.#blindFrom(now.monotonic, 'behind');
    }
    const left = this.#until - now.monotonic;
    return left > 0 ? { reason: this.#reason, seconds: Math.ceil(left / 1000) } : null;
  }

  #blindFrom(now: number, reason: Blindness): void {
    this.#until = now + this.#options.timeoutMs;
    this.#reason = reason;
  }
}
