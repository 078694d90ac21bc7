/** Errors as lines for people. */
import { ApiError, OctaviaError } from '@octavia/client';
import { CommandFailure } from '../failure.ts';

/** @param debug whether the stack is shown, too */
export function explain(error: unknown, debug: boolean): string {
  const text = sentence(error);
  return debug && error instanceof Error && error.stack !== undefined ? `${text}\n${error.stack}` : text;
}

function sentence(error: unknown): string {
  if (error instanceof ApiError) {
    return `${error.message} (HTTP ${error.status}) (Request-ID: ${error.requestId ?? 'None'})`;
  }
  if (error instanceof CommandFailure || error instanceof OctaviaError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
