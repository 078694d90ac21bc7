import { together, type Waiting } from './heartbeat-buffer.ts';

const MAX_CANDIDATES = 10_000;
/** Our agents number their messages from the clock and never go back. */
const NEVER_GOES_BACK = 1_000_000_000_000;

/**
 * Agents of other makes (ours do not) count from zero again when they are restarted; so does somebody who replays old messages. A low number
 * is believed once a higher one follows: replaying a single message revives no amphora, and a restarted agent is heard one
 * interval later. What the first message counted is not lost.
 */
export class Restarts {
  readonly #candidates = new Map<string, Waiting>();

  /** @returns the entry to apply as a new beginning, or null when it has to wait for the next */
  consider(entry: Waiting): Waiting | null {
    if (entry.seq >= NEVER_GOES_BACK) return null;
    const candidate = this.#candidates.get(entry.amphoraId);
    this.#candidates.delete(entry.amphoraId);
    if (candidate && entry.seq > candidate.seq) return { ...together(candidate, entry), restarted: true };
    if (this.#candidates.size < MAX_CANDIDATES) this.#candidates.set(entry.amphoraId, entry);
    return null;
  }

  forget(amphoraId: string): void {
    if (this.#candidates.size > 0) this.#candidates.delete(amphoraId);
  }
}
