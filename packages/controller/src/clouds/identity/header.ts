import type { RequestHeaders } from './interface.ts';

/** The value of a header that is there once and not empty. */
export function header(headers: RequestHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
