/** Headers that tell the members of an HTTP pool about the client. They replace what the client sent under that name. */

import { type Line, line, logFormat } from '@octavia/haproxy-config/tree';
import type { Listener } from '../../domain/resources.ts';
import type { ProxyMode } from './modes.ts';

/** Header → sample; `quoted` ones are texts of the certificate's owner. HAProxy writes line ends in them as `%0A`. */
const CERTIFICATE_HEADERS: readonly [string, string, 'quoted' | 'plain'][] = [
  ['X-SSL-Client-Verify', 'ssl_c_verify', 'plain'],
  ['X-SSL-Client-DN', 'ssl_c_s_dn', 'quoted'],
  ['X-SSL-Client-CN', 'ssl_c_s_dn(cn)', 'quoted'],
  ['X-SSL-Issuer', 'ssl_c_i_dn', 'quoted'],
  ['X-SSL-Client-SHA1', 'ssl_c_sha1,hex', 'plain'],
  ['X-SSL-Client-Not-Before', 'ssl_c_notbefore', 'plain'],
  ['X-SSL-Client-Not-After', 'ssl_c_notafter', 'plain'],
];

const ADDRESS_HEADERS = ['X-Forwarded-IP', 'X-Client-IP', 'X-Real-IP'];
const HAS_CERTIFICATE = 'X-SSL-Client-Has-Cert';

const set = (header: string, ...parts: Parameters<typeof logFormat>): Line =>
  line('http-request', 'set-header', header, logFormat(...parts));

function certificateLines(wants: (header: string) => boolean): Line[] {
  const lines = CERTIFICATE_HEADERS.filter(([header]) => wants(header)).map(([header, sample, form]) =>
    form === 'plain' ? set(header, { sample }) : set(header, '"', { sample }, '"'),
  );
  if (!wants(HAS_CERTIFICATE)) return lines;
  const answer = (text: string, condition: 'if' | 'unless'): Line => {
    const { keyword, arguments: args } = set(HAS_CERTIFICATE, text);
    return { keyword, arguments: [...args, condition, '{', 'ssl_c_used', '}'] };
  };
  return [...lines, answer('true', 'if'), answer('false', 'unless')];
}

export function headerLines(listener: Listener, mode: ProxyMode): Line[] {
  const secure = listener.protocol === 'TERMINATED_HTTPS';
  if (mode !== 'http' || (listener.protocol !== 'HTTP' && !secure)) return [];
  const wants = (header: string): boolean => listener.insertHeaders[header]?.toLowerCase() === 'true';
  const lines: Line[] = [];
  if (wants('X-Forwarded-For')) lines.push(line('option', 'forwardfor'));
  if (wants('X-Forwarded-Port')) lines.push(line('http-request', 'set-header', 'X-Forwarded-Port', '%[dst_port]'));
  if (wants('X-Forwarded-Proto')) {
    lines.push(line('http-request', 'set-header', 'X-Forwarded-Proto', secure ? 'https' : 'http'));
  }
  for (const header of ADDRESS_HEADERS) {
    if (wants(header)) lines.push(line('http-request', 'set-header', header, '%[src]'));
  }
  return secure ? [...lines, ...certificateLines(wants)] : lines;
}
