/**
 * The id under which other services log what they do for us: that of the operation, so that one search finds all of it. It comes
 * along by itself, for drivers are asked by steps that know nothing of requests.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/** @param cause UUID of the operation whose work it is */
export function onBehalfOf<T>(cause: string, work: () => Promise<T>): Promise<T> {
  return current.run(`req-${cause}`, work);
}

/** `req-<uuid>`, which is what services accept; a new one for what nobody has a name for. */
export const globalRequestId = (): string => current.getStore() ?? `req-${randomUUID()}`;
