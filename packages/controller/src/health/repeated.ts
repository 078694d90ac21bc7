import type { Log } from '@octavia/protocol/log';
import type { Clock } from './clock.ts';

const AGAIN_MS = 60_000;

/** Says what lasts when it begins, once a minute while it lasts, and when it ends. */
export class Repeated {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** @param fields of the line; null when it does not last any more */
  say(level: 'info' | 'warn' | 'error', topic: string, fields: object | null, sentence: string, end?: string): void {
    const last = this.#last.get(topic);
    if (fields === null) {
      this.#last.delete(topic);
      if (last !== undefined && end !== undefined) this.#log.info({}, end);
      return;
    }
    if (last !== undefined && this.#clock.monotonic() - last < AGAIN_MS) return;
    this.said(topic);
    this.#log[level](fields, sentence);
  }

  said(topic: string): void {
    this.#last.set(topic, this.#clock.monotonic());
  }
}
