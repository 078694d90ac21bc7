/** Errors as lines for people. */
import { ApiError, OctaviaError, UnauthorizedError, UnreachableError } from '@octavia/client';
import { CommandFailure } from '../failure.ts';

interface Reader {
  /** What the program is called. */
  name: string;
  /** Whether the stack is shown, too. */
  debug: boolean;
  /** Whether a person reads it: scripts get the sentence of the openstack client alone. */
  isPerson: boolean;
}

export function explain(error: unknown, reader: Reader): string {
  const text = sentence(error, reader);
  return reader.debug && error instanceof Error && error.stack !== undefined ? `${text}\n${error.stack}` : text;
}

function sentence(error: unknown, { name, isPerson }: Reader): string {
  if (error instanceof ApiError) {
    const refusal = `${error.message} (HTTP ${error.status}) (Request-ID: ${error.requestId ?? 'None'})`;
    const remedy = remedyOf(error, name);
    // The sentence of the openstack client sends people to an administrator.
    if (error.code === 'MISSING_PROJECT') return `${refusal} ${remedy}`;
    return isPerson && remedy !== null ? `${refusal}\n${remedy}` : refusal;
  }
  if (error instanceof UnreachableError) {
    return `${error.message}. Is the service up and the address right? "${name} config show" tells where the address is from.`;
  }
  if (error instanceof CommandFailure || error instanceof OctaviaError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

/** What can be done about it, where somebody knows. */
function remedyOf(error: ApiError, name: string): string | null {
  if (error.code === 'MISSING_PROJECT') return 'Without authentication name a project: --project, or OS_PROJECT_ID.';
  if (error instanceof UnauthorizedError) {
    return `Check user, password and project, or the token: "${name} config show" shows who logs in where.`;
  }
  return error.remedy;
}
