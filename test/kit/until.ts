/** How tests wait: for what is to be seen, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** What takes a second on a quiet machine may take many beside other programs; only a test that fails waits so long. */
const LIMIT_MS = 60_000;
/** Short at first, for what is there in a moment; longer for what costs a process each time it is looked at. */
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [10, 100];

/**
 * Polls until the look gives something truthy. A look that throws is tried again.
 *
 * @returns what it gave
 * @throws Error that tells what it gave or threw last
 */
export async function until<T>(what: string, look: () => Promise<T> | T, limitMs = LIMIT_MS): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LAST_PAUSE_MS)) {
    let last: unknown;
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${limitMs / 1000} s: ${what}; last seen: ${seen}`, { cause: last });
    }
    await sleep(pause);
  }
}

/** Polls until the look gives this. @throws Error that tells what it gave last */
export async function untilEqual<T>(
  what: string,
  look: () => Promise<T> | T,
  wanted: T,
  limitMs?: number,
): Promise<void> {
  const matches = async (): Promise<true> => {
    const seen = await look();
    if (isDeepStrictEqual(seen, wanted)) return true;
    throw new Error(`${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
  };
  await until(what, matches, limitMs);
}
