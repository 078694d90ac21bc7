import { isDeepStrictEqual } from 'node:util';

const PAUSE_MS = 100;

/** Polls until the look gives this. @throws Error that tells what it gave last */
export async function until<T>(what: string, look: () => Promise<T>, wanted: T, limitMs = 60_000): Promise<void> {
  for (const end = performance.now() + limitMs; ; ) {
    const seen = await look();
    if (isDeepStrictEqual(seen, wanted)) return;
    if (performance.now() > end) {
      throw new Error(`${what}: after ${limitMs / 1000} s ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
