/** Slots to build amphorae ([haproxy_amphora] build_rate_limit), asked for by this process for all its operations at once. */
import { OctaviaError } from '../errors.ts';
import type { Store } from '../store/core/database.ts';
import * as buildSlots from '../store/operations/build-slots.ts';

interface Waiter {
  request: buildSlots.SlotRequest;
  since: number;
  go(): void;
  fail(error: unknown): void;
}

/** After a slot was given back here, the next look comes this soon (ms): several often end together. */
const SOON_MS = 50;

export interface BuildQueueOptions {
  /** Amphorae that may be built at once; 0: any number. */
  limit: number;
  attempts: number;
  /** Pause between two of them. */
  intervalMs: number;
}

export class BuildQueue {
  readonly #store: Store;
  readonly #options: BuildQueueOptions;
  readonly #waiting = new Map<string, Waiter>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  /** Asked for while looking: a look soon after. */
  #again = false;
  /** When what is being built was last seen to change, and what it was. */
  #progress = { at: 0, building: '' };

  constructor(store: Store, options: BuildQueueOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Waits until the amphora may be built. Idempotent.
   * @throws OctaviaError BUILD_SLOT_TIMEOUT when for the configured time no build ended
   */
  acquire(request: buildSlots.SlotRequest): Promise<void> {
    if (this.#options.limit < 0) return Promise.resolve();
    return new Promise((go, fail) => {
      this.#waiting.set(request.amphoraId, { request, since: performance.now(), go, fail });
      this.#lookIn(0);
    });
  }

  /** Gives slot or place in the queue back. Idempotent. */
  async release(amphoraId: string): Promise<void> {
    await buildSlots.release(this.#store.db, amphoraId);
    if (this.#waiting.size > 0) this.#lookIn(SOON_MS);
  }

  #lookIn(milliseconds: number): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), milliseconds);
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#looking = true;
    const asked = [...this.#waiting.values()];
    try {
      const requests = asked.map(({ request }) => request);
      const answer = await this.#store.transaction((tx) => buildSlots.acquire(tx, requests, this.#options.limit));
      const granted = new Set(answer.granted);
      this.#end(asked, ({ request }) => granted.has(request.amphoraId))((waiter) => waiter.go());
      await this.#giveUp(answer.building);
    } catch (error) {
      // Whether it is worth another try the runner knows.
      this.#end(asked, () => true)((waiter) => waiter.fail(error));
    } finally {
      this.#looking = false;
      if (this.#waiting.size > 0) this.#lookIn(this.#again ? SOON_MS : this.#options.intervalMs);
      this.#again = false;
    }
  }

  #end(waiters: Waiter[], isMeant: (waiter: Waiter) => boolean) {
    return (tell: (waiter: Waiter) => void): void => {
      for (const waiter of waiters.filter(isMeant)) {
        const { amphoraId } = waiter.request;
        if (this.#waiting.get(amphoraId) === waiter) this.#waiting.delete(amphoraId);
        tell(waiter);
      }
    };
  }

  /** Those that waited while no build came to its end: the ones in the slots hang. */
  async #giveUp(building: string): Promise<void> {
    const now = performance.now();
    if (building !== this.#progress.building) this.#progress = { at: now, building };
    const { attempts, intervalMs } = this.#options;
    const tooLong = [...this.#waiting.values()].filter(
      ({ since }) => now - Math.max(since, this.#progress.at) > attempts * intervalMs,
    );
    const seconds = Math.round((attempts * intervalMs) / 1000);
    for (const { request } of tooLong) await buildSlots.release(this.#store.db, request.amphoraId);
    this.#end(tooLong, () => true)((waiter) => waiter.fail(new OctaviaError('BUILD_SLOT_TIMEOUT', { seconds })));
  }
}
