import type { Log } from '@octavia/protocol/log';
import type { Clock } from './clock.ts';

const LOG_INTERVAL_MS = 60_000;
const NAMED = 5;

const SENTENCES = {
  unknown: 'Amphorae nobody knows send heartbeats; their instances have to be deleted by hand',
  deleted: 'Amphorae that were deleted still send heartbeats; their instances have to be deleted by hand',
} as const;
type Kind = keyof typeof SENTENCES;

/** Signed heartbeats of amphorae this control plane does not have: a line a minute, with names and the number of messages. */
export class UnknownAmphorae {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #seen = { unknown: new Set<string>(), deleted: new Set<string>() };
  readonly #messages = { unknown: 0, deleted: 0 };
  readonly #nextLog = { unknown: 0, deleted: 0 };

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(kind: Kind, amphoraId: string): void {
    this.#messages[kind] += 1;
    if (this.#seen[kind].size < NAMED) this.#seen[kind].add(amphoraId);
    const now = this.#clock.monotonic();
    if (now < this.#nextLog[kind]) return;
    this.#log.warn({ amphorae: [...this.#seen[kind]], heartbeats: this.#messages[kind] }, SENTENCES[kind]);
    this.#nextLog[kind] = now + LOG_INTERVAL_MS;
    this.#messages[kind] = 0;
    this.#seen[kind].clear();
  }
}
