/** What `[networking]` says of how often and how long Neutron is asked for the same. */
import { type ErrorCode, isOctaviaError } from '../../../errors.ts';

export interface Patience {
  /** In all. */
  attempts: number;
  /** Milliseconds between two attempts, at least. */
  shortestMs: number;
  /** Milliseconds that the pause is made of: they double with each attempt. */
  backoffMs: number;
  /** Milliseconds between two attempts, at most. */
  longestMs: number;
}

export type Sleep = (milliseconds: number) => Promise<void>;

/** Does the work again for causes that pass. @throws what the last attempt threw */
export async function patiently<T>(
  { attempts, shortestMs, backoffMs, longestMs }: Patience,
  sleep: Sleep,
  causes: readonly ErrorCode[],
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || !causes.some((code) => isOctaviaError(error, code))) throw error;
    }
    await sleep(Math.min(Math.max(backoffMs * 2 ** (attempt - 1), shortestMs), longestMs));
  }
}

/** @throws OctaviaError but that the object is not there */
export async function unlessGone<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return null;
    throw error;
  }
}
