/** Waiting for something that happens elsewhere. */
import type { CallOptions } from './api.ts';
import { WaitError } from './errors.ts';
import { pause } from './pause.ts';

export interface WaitOptions extends CallOptions {
  /** Default: 600,000, ten minutes. */
  timeoutMs?: number;
  /**
   * Between two looks. Default: the service tells when there is something to see; where it does not, 250 and longer each time, up
   * to 3,000.
   */
  intervalMs?: number;
}

/** How the next look is waited for. @param usualMs without being told @param longestMs the rest of the time */
export type Waken = (usualMs: number, longestMs: number) => Promise<void>;

const FIRST_INTERVAL_MS = 250;
const LONGEST_INTERVAL_MS = 3_000;
const TIMEOUT_MS = 600_000;

export type Look<T> = { done: true; value: T } | { done: false; state: string };

/**
 * Looks again and again until the answer is done.
 * @param what the end of the sentence "Waited 60 s for …"
 * @throws WaitError when the time is over; the reason of the signal
 */
export async function poll<T>(
  options: WaitOptions,
  what: string,
  look: () => Promise<Look<T>>,
  waken?: Waken,
): Promise<T> {
  const { timeoutMs = TIMEOUT_MS, intervalMs, signal } = options;
  const until = Date.now() + timeoutMs;
  for (let next = FIRST_INTERVAL_MS; ; next = Math.min(next * 1.5, LONGEST_INTERVAL_MS)) {
    signal?.throwIfAborted();
    const seen = await look();
    if (seen.done) return seen.value;
    const left = until - Date.now();
    if (left <= 0) {
      const text = `Waited ${timeoutMs / 1000} s for ${what}; it is still ${seen.state}`;
      throw new WaitError(text, { state: seen.state, timedOut: true });
    }
    // The last look is at the end of the time, not before it.
    if (waken !== undefined && intervalMs === undefined) await waken(Math.min(next, left), left);
    else await pause(Math.min(intervalMs ?? next, left), signal);
  }
}
