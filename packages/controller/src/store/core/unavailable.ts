/** A database that cannot do anything at the moment: it says nothing about what was asked of it, and it is worth waiting. */
import { OctaviaError } from '../../errors.ts';

/** SQLSTATE classes that mean "not now": connection failures, shutdown, too many connections, no space. */
const UNAVAILABLE = /^(08|57P0|53)/;

/** Codes of the operating system for a server that cannot be reached. */
const UNREACHABLE = /^(ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)/;

/** What the client may know of it; the log has the rest. The first that fits the code. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^53100$/, 'its disk is full'],
  [/^53300$/, 'it has no connection free'],
  [/^57P0/, 'it is starting or stopping'],
  [/^(ECONNREFUSED|ENOENT)/, 'it does not run'],
  [/^ETIMEDOUT/, 'it does not answer'],
];

const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
};

export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof OctaviaError) return error.code === 'DATABASE_UNAVAILABLE';
  const code = codeOf(error);
  return UNAVAILABLE.test(code) || UNREACHABLE.test(code);
}

/** Deadlock, or another transaction in the way: the same transaction works the next time. */
export const isContention = (error: unknown): boolean => /^40(001|P01)$/.test(codeOf(error));

export function databaseUnavailable(error: unknown, code = codeOf(error)): OctaviaError {
  const known = CAUSES.find(([pattern]) => pattern.test(code));
  return new OctaviaError('DATABASE_UNAVAILABLE', { why: known?.[1] ?? 'the connection was lost' }, { cause: error });
}

/**
 * A connection that was refused says of what only here: drivers of clouds meet such errors, too.
 * @param isLost whether the connection is gone: PostgreSQL's driver gives such errors no code
 */
export function named(error: unknown, isLost: boolean): unknown {
  if (error instanceof OctaviaError) return error;
  return isDatabaseUnavailable(error) || (isLost && codeOf(error) === '') ? databaseUnavailable(error) : error;
}
