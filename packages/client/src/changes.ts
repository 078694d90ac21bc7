/** What changes elsewhere, told as it changes. */
import type { CallOptions } from './api.ts';
import { type OctaviaError, UnavailableError, UnreachableError } from './errors.ts';
import { pause } from './pause.ts';

export interface ChangesOptions extends CallOptions {
  /** Between two looks after a change. Default: 1,000. */
  shortestMs?: number;
  /** Between two looks when nothing has changed for long. Default: 5,000. */
  longestMs?: number;
  /** Waits for the next look: by events. Default: the time that is given. */
  waken?: (usualMs: number) => Promise<void>;
}

/** What is there now, or why that cannot be told at the moment. */
export type Change<T> = { value: T; away: null } | { value: null; away: OctaviaError };

/**
 * What a look finds: first as it is, then each time that it is something else. While the service is away it says so once
 * and goes on when it is back. By looks with growing pauses, the shortest after a change.
 * @param look is called again and again; its results are compared as JSON
 * @throws what `look` throws, unless that may pass; the reason of the signal
 */
export async function* changes<T>(
  look: () => Promise<T>,
  { signal, shortestMs = 1_000, longestMs = 5_000, waken = (ms) => pause(ms, signal) }: ChangesOptions = {},
): AsyncGenerator<Change<T>, never> {
  let before: string | null = null;
  for (let next = shortestMs; ; next = Math.min(next * 1.5, longestMs)) {
    signal?.throwIfAborted();
    const change: Change<T> = await look().then((value) => ({ value, away: null }), passing);
    // Why it is away may be said in other words each time.
    const now = change.away === null ? JSON.stringify(change.value) : '';
    if (now !== before) {
      before = now;
      next = shortestMs;
      yield change;
    }
    await (change.away === null ? waken(next) : pause(next, signal));
  }
}

function passing(error: unknown): { value: null; away: OctaviaError } {
  const mayPass = error instanceof UnavailableError || (error instanceof UnreachableError && error.mayPass);
  if (!mayPass) throw error;
  return { value: null, away: error };
}
