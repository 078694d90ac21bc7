/** What a backend does with every request of HTTP, whatever its pool is set to. */

import { type Argument, type Line, line, value } from '@octavia/haproxy-config/tree';
import type { Pool } from '../../domain/resources.ts';
import type { ProxyMode } from './modes.ts';

const DROPPED = 'txn.no_upgrade';
const condition = (...words: Argument[]): Argument[] => ['if', '{', ...words, '}'];

/** Protocols in which requests of HTTP go on, or may: `h2`, `h2c`, `HTTP/2.0`, `TLS/1.2` (RFC 2817). */
const LEADS_TO_HTTP = value('(^|[\\s,])(h2|http|tls)');

/**
 * Through a tunnel of HTTP a client sends requests that no policy sees, so a member is not asked for one. A member that
 * speaks HTTP/2 with HAProxy knows no upgrade but that to a WebSocket. A server that does not upgrade answers the request
 * itself (RFC 9110, 7.8), and so does a member that is not asked to.
 *
 * The list of `Connection` goes too: by it HAProxy still takes the request for one that asks.
 */
function upgradeLines(pool: Pool): Line[] {
  const speaksHttp2 = pool.tlsEnabled && (pool.alpnProtocols ?? []).includes('h2');
  const drop = (...words: Argument[]): Line => line('http-request', `set-var(${DROPPED})`, 'bool(true)', ...words);
  const webSocket = ['req.hdr(Upgrade)', '-i', '-m', 'str', 'websocket'];
  const dropped = condition(`var(${DROPPED})`, '-m', 'bool');
  return [
    drop(...condition('req.fhdr(Upgrade)', '-i', '-m', 'reg', '--', LEADS_TO_HTTP)),
    ...(speaksHttp2 ? [drop(...condition('req.hdr(Upgrade)', '-m', 'found'), '!{', ...webSocket, '}')] : []),
    line('http-request', 'del-header', 'Upgrade', ...dropped),
    line('http-request', 'del-header', 'Connection', ...dropped),
    line('http-request', 'del-header', 'HTTP2-Settings'),
  ];
}

/**
 * A member may close a kept connection at the moment a request is sent on it; the client would then get no answer. The
 * request goes out again when it is one that changes nothing (RFC 9110, 9.2.1 and 9.2.2), and never after a part of an
 * answer. A member that is slow is not asked twice: that would only add to its load.
 */
function retryLines(): Line[] {
  return [
    line('retry-on', 'conn-failure', 'empty-response'),
    line('http-request', 'disable-l7-retry', 'unless', '{', 'method', 'GET', 'HEAD', 'OPTIONS', 'TRACE', '}'),
  ];
}

export const requestLines = (pool: Pool, mode: ProxyMode): Line[] =>
  mode === 'http' ? [...retryLines(), ...upgradeLines(pool)] : [];
