/** A database that cannot do anything at the moment: it says nothing about what was asked of it, and it is worth waiting. */
import { OctaviaError } from '../../errors.ts';

/** SQLSTATE classes that mean "not now": connection failures, shutdown, too many connections, no space. */
const UNAVAILABLE = /^(08|57P0|53)/;

/** What the driver and `pool.ts` say in plain errors without a code. */
const CONNECTION_LOST =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** What the client may know of it; the log has the rest. The first that fits code or message. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^53100$/, 'its disk is full'],
  [/^53300$/, 'it has no connection free'],
  [/^57P0/, 'it is starting or stopping'],
  [/^(ECONNREFUSED|ENOENT)/, 'it does not run'],
  [/no answer within|timeout exceeded when trying to connect/, 'it does not answer'],
];

export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof OctaviaError) return error.code === 'DATABASE_UNAVAILABLE';
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return UNAVAILABLE.test(code) || /^(ECONN|ENOENT|EPIPE|ETIMEDOUT)/.test(code);
  return typeof message === 'string' && CONNECTION_LOST.test(message);
}

/** Deadlock, or another transaction in the way: the same transaction works the next time. */
export const isContention = (error: unknown): boolean =>
  /^40(001|P01)$/.test(String((error as { code?: unknown } | null | undefined)?.code));

export function databaseUnavailable(error: unknown): OctaviaError {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown };
  const known = CAUSES.find(([pattern]) => pattern.test(String(code)) || pattern.test(String(message)));
  return new OctaviaError('DATABASE_UNAVAILABLE', { why: known?.[1] ?? 'the connection was lost' }, { cause: error });
}

/** A connection that was refused says of what only here: drivers of clouds meet such errors, too. */
export function named(error: unknown): unknown {
  return error instanceof OctaviaError || !isDatabaseUnavailable(error) ? error : databaseUnavailable(error);
}

export async function naming<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw named(error);
  }
}
