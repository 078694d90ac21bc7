import { OctaviaError } from './errors.ts';

/**
 * An id or a name as one part of a path.
 * @throws OctaviaError for what no path can hold: with `..` a request would be about something else than is meant, and with
 * nothing about the whole list
 */
export function pathPart(text: string): string {
  if (text === '') throw new OctaviaError('The id is empty.');
  // Written as %2E they are left out of an address, too.
  if (text === '.' || text === '..') throw new OctaviaError(`"${text}" cannot be part of an address: use the id.`);
  return encodeURIComponent(text);
}
