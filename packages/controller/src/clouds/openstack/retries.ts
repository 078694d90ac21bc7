/** How often an action of drivers is tried where a service does not do it at once: `[compute]` and `[networking]`, same options each. */

export interface Retries {
  attempts: number;
  /** Milliseconds before the first repetition, at least. */
  intervalMs: number;
  /** Milliseconds that double with each repetition. */
  backoffMs: number;
  /** Milliseconds before a repetition, at most. */
  ceilingMs: number;
}

interface Options {
  max_retries: number;
  retry_interval: number;
  retry_backoff: number;
  retry_max: number;
}

const milliseconds = (seconds: number): number => Math.max(0, seconds) * 1000;

export const retriesOf = ({ max_retries, retry_interval, retry_backoff, retry_max }: Options): Retries => ({
  attempts: max_retries,
  intervalMs: milliseconds(retry_interval),
  backoffMs: milliseconds(retry_backoff),
  ceilingMs: milliseconds(retry_max),
});

const pauseAfter = ({ intervalMs, backoffMs, ceilingMs }: Retries, attempt: number): number =>
  Math.min(ceilingMs, Math.max(intervalMs, backoffMs * 2 ** (attempt - 1)));

/**
 * Does the work again as long as its failure may pass.
 * @param work may run again though it had its effect: what it makes it looks for first
 * @throws what the last try threw
 */
export async function persistently<T>(
  retries: Retries,
  sleep: (milliseconds: number) => Promise<void>,
  mayPass: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= retries.attempts || !mayPass(error)) throw error;
    }
    await sleep(pauseAfter(retries, attempt));
  }
}
