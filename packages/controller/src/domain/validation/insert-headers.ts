import type { ListenerProtocol } from '../resources.ts';
import { invalidOption } from './refuse.ts';

const FORWARDING_HEADERS = [
  'X-Forwarded-For',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-Forwarded-IP',
  'X-Client-IP',
  'X-Real-IP',
] as const;

const TLS_HEADERS = [
  'X-SSL-Client-Verify',
  'X-SSL-Client-Has-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-CN',
  'X-SSL-Issuer',
  'X-SSL-Client-SHA1',
  'X-SSL-Client-Not-Before',
  'X-SSL-Client-Not-After',
] as const;

const FORWARDING: readonly string[] = FORWARDING_HEADERS;
const TLS: readonly string[] = TLS_HEADERS;

/** @throws OctaviaError INVALID_OPTION naming every refused header */
export function checkInsertHeaders(headers: Record<string, string>, protocol: ListenerProtocol): void {
  const names = Object.keys(headers);
  if (names.length === 0) return;
  if (protocol !== 'HTTP' && protocol !== 'TERMINATED_HTTPS') {
    throw invalidOption('insert-headers', `a ${protocol} protocol listener.`);
  }
  const unknown = names.filter((name) => !FORWARDING.includes(name) && !TLS.includes(name));
  if (unknown.length > 0) throw invalidOption(unknown.join(', '), 'insert_headers');
  const tlsOnly = names.filter((name) => TLS.includes(name));
  if (protocol === 'HTTP' && tlsOnly.length > 0) {
    throw invalidOption(tlsOnly.join(', '), 'HTTP protocol listener.');
  }
}
