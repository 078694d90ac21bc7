/** The `Host` header: links repeat it, so it has to be one. */
import type { IncomingMessage } from 'node:http';
import { OctaviaError } from '../errors.ts';

const HOST = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?$/;
const HIGHEST_PORT = 65_535;

/** `host`, `host:port`, `[2001:db8::1]:port` */
export function isHostAndPort(text: string): boolean {
  const match = HOST.exec(text);
  return match !== null && Number(match[1] ?? 0) <= HIGHEST_PORT;
}

/**
 * HTTP/1.1 wants exactly one, HTTP/1.0 at most one; a proxy in front may have believed another of several.
 * @throws OctaviaError MALFORMED_REQUEST (none), INVALID_HOST
 */
export function checkHost({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  const { host } = headers;
  if (host === undefined) {
    if (httpVersion === '1.1') throw new OctaviaError('MALFORMED_REQUEST');
    return;
  }
  let lines = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'host') lines += 1;
  }
  if (lines > 1 || !isHostAndPort(host)) throw new OctaviaError('INVALID_HOST');
}
