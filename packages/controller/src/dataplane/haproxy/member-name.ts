/**
 * The host name that a member with TLS is told in the handshake (SNI), the first that there is of
 *
 * 1. the name that the client gave in its own handshake;
 * 2. the host that the request asks for, but not where the pool has a CA: HAProxy then demands that the member's
 *    certificate names it, and members whose certificates name themselves would stop serving;
 * 3. the domain name of the health monitor, whose checks tell it too.
 *
 * An address is no name (RFC 6066, section 3).
 */

import { type Argument, convert, fetchOf, type Line, line, value } from '@octavia/haproxy-config/tree';
import type { HealthMonitor, Listener } from '../../domain/resources.ts';
import type { ProxyMode } from './modes.ts';
import type { PoolTlsFiles } from './tls-files.ts';

const VARIABLE = 'txn.member_name';

/** Host names in one spelling: HAProxy keeps connections apart by the name that was told on them. */
const REQUESTED = convert(convert(convert(fetchOf('req.hdr', 'host'), 'field', '1', ':'), 'rtrim', '.'), 'lower');
/** An IPv6 address stands in brackets; no name ends in a label of digits; a host may be empty. */
const ADDRESS = value('^(\\[|:|$)|(^|\\.)[0-9]+\\.?(:|$)');
const NO_ADDRESS: Argument[] = ['!{', fetchOf('req.hdr', 'host'), '-m', 'reg', '--', ADDRESS, '}'];

interface MemberName {
  /** Of the backend: what finds the name. */
  lines: Line[];
  /** Of each `server` line: what tells it. */
  words: Argument[];
}

/** @param monitor the pool's, when it is switched on */
export function memberName(
  listener: Listener,
  mode: ProxyMode,
  monitor: HealthMonitor | null,
  files: PoolTlsFiles,
): MemberName {
  const checked = monitor === null || monitor.domainName === null ? [] : [fetchOf('str', monitor.domainName)];
  // Of a connection that is not read there is no name but the monitor's.
  if (mode !== 'http') return { lines: [], words: checked.flatMap((name) => ['sni', name]) };
  const sources: [Argument, Argument[]][] = [
    ...(listener.protocol === 'TERMINATED_HTTPS' ? [['ssl_fc_sni', []] as [Argument, Argument[]]] : []),
    ...(files.ca === null ? [[REQUESTED, NO_ADDRESS] as [Argument, Argument[]]] : []),
    ...checked.map((name): [Argument, Argument[]] => [name, []]),
  ];
  const lines = sources.map(([from, condition], index) => {
    const conditions = [...(index === 0 ? [] : ['!{', `var(${VARIABLE})`, '-m', 'found', '}']), ...condition];
    return line(
      'http-request',
      `set-var(${VARIABLE})`,
      from,
      ...(conditions.length === 0 ? [] : ['if', ...conditions]),
    );
  });
  return { lines, words: lines.length === 0 ? [] : ['sni', `var(${VARIABLE})`] };
}
