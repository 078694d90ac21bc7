import type { Waiting } from './heartbeat-buffer.ts';

/** Looked at again now and then even when nothing seems to have changed. */
const TRUST_MS = 600_000;
const SWEEP_MS = 60_000;

interface Applied {
  version: string | null;
  digest: string;
  until: number;
}

/**
 * Which report was applied last to which version of the tree. A report that says the same of an unchanged tree changes
 * nothing: nearly all do, and cost no look at the tree.
 */
export class ReportMemory {
  readonly #applied = new Map<string, Applied>();
  #nextSweep = 0;

  /** @param now monotonic milliseconds */
  isApplied(
    { amphoraId, digest }: Pick<Waiting, 'amphoraId' | 'digest'>,
    version: string | null,
    now: number,
  ): boolean {
    const applied = this.#applied.get(amphoraId);
    return applied?.digest === digest && applied.version === version && applied.until > now;
  }

  note({ amphoraId, digest }: Pick<Waiting, 'amphoraId' | 'digest'>, version: string | null, now: number): void {
    // Spread: what was learnt together is not doubted together.
    const until = now + TRUST_MS * (0.5 + Math.random() / 2);
    this.#applied.set(amphoraId, { version, digest, until });
    this.#sweep(now);
  }

  #sweep(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_MS;
    for (const [id, { until }] of this.#applied) if (until < now) this.#applied.delete(id);
  }
}
