/**
 * A worker may act on an operation only while it is in charge of it. Two things can end that: another worker took the
 * operation over (seen by every statement of the journal), or this worker could not report itself for so long that another
 * one may be about to.
 */

/** Another worker is in charge. Whoever sees this ends silently: it must neither act nor undo. */
export class Fenced extends Error {}

/** This process could not prove lately that it lives. It pauses until it can, or until it learns that it was fenced. */
export class LeaseExpired extends Error {}

/** How long a worker trusts its own last sign of life (ms); well below the age at which others take over. */
const TRUST_MS = 15_000;

/** The worker's own view of how recently its sign of life reached the database. */
export class Lease {
  #renewedAt: number | null = null;
  readonly #now: () => number;

  /** @param now monotonic milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @param sentAt when the sign of life was sent, not when it was answered */
  renew(sentAt: number = this.#now()): void {
    this.#renewedAt = sentAt;
  }

  now(): number {
    return this.#now();
  }

  /** An engine nobody reports for (tests, tools) is always trusted. */
  holds(): boolean {
    return this.#renewedAt === null || this.#now() - this.#renewedAt < TRUST_MS;
  }
}
