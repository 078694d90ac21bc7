/** When to start again what died: at once, then ever later. A crash is quick, an address that is not there yet takes calm. */

/** Milliseconds before restart number n+1. */
const BACKOFF_MS = [0, 500, 1_000, 2_000, 5_000, 10_000];
/** One that ran so long has not failed to start. */
const STABLE_MS = 60_000;

export class Restarts {
  /** In a row. */
  attempts = 0;
  #notBefore = 0;
  #startedAt: number | null = null;

  /** Counts an attempt; false while it is too early for one. @param now milliseconds */
  attempt(now: number): boolean {
    if (now < this.#notBefore) return false;
    if (this.#startedAt !== null && now - this.#startedAt > STABLE_MS) {
      this.attempts = 0;
      this.#startedAt = null;
    }
    this.attempts += 1;
    this.#notBefore = now + (BACKOFF_MS[this.attempts] ?? 10_000);
    return true;
  }

  started(now: number): void {
    this.#startedAt = now;
  }

  /** Something changed that may let the next attempt succeed. */
  hurry(): void {
    this.#notBefore = 0;
  }

  /** Somebody has started or stopped it on purpose. */
  reset(): void {
    this.attempts = 0;
    this.#notBefore = 0;
  }
}
