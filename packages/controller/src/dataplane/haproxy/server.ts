import type { HealthMonitor, Listener, Member, Pool } from '../../domain/resources.ts';
import { endpointText, hostText } from './address.ts';
import { type Argument, type Line, line, value } from './config.ts';
import { LONGEST_SECONDS } from './health-check.ts';
import type { ProxyMode } from './modes.ts';
import type { HaproxyOptions } from './options.ts';
import { usesServerCookie } from './persistence.ts';
import { serverTlsArguments } from './tls.ts';
import type { PoolTlsFiles } from './tls-files.ts';

/** HAProxy refuses an interval of zero. */
const SHORTEST_DELAY = 1;

export interface ServerContext {
  pool: Pool;
  listener: Listener;
  monitor: HealthMonitor | null;
  mode: ProxyMode;
  /** Set when the pool talks TLS to its members. */
  tls: PoolTlsFiles | null;
  options: HaproxyOptions;
}

/**
 * A check that goes where the traffic goes takes the same way: TLS, PROXY protocol. HAProxy would do so by itself if it
 * were not told where to; it is told in any case, or the place of before, read from the saved state, would stay in force.
 */
function checkWay(member: Member, { pool, monitor, tls }: ServerContext): Argument[] {
  const elsewhere = member.monitorAddress !== null || member.monitorPort !== null;
  const words: Argument[] = [];
  // Of a pool without TLS the certificates of members are not verified: it has no CA to say so.
  if (monitor?.type === 'HTTPS') words.push('check-ssl', ...(tls === null ? ['verify', 'none'] : []));
  // The hello is plain bytes of its own.
  else if (tls !== null && !elsewhere && monitor?.type !== 'TLS-HELLO') words.push('check-ssl');
  if (monitor?.type === 'HTTPS' && monitor.domainName !== null) words.push('check-sni', value(monitor.domainName));
  if (!elsewhere && proxyProtocol(pool).length > 0) words.push('check-send-proxy');
  return words;
}

function checkArguments(monitor: HealthMonitor, member: Member, context: ServerContext): Argument[] {
  const words: Argument[] = ['check', ...checkWay(member, context)];
  words.push('inter', `${Math.min(Math.max(monitor.delay, SHORTEST_DELAY), LONGEST_SECONDS)}s`);
  words.push('fall', monitor.maxRetriesDown, 'rise', monitor.maxRetries);
  words.push('addr', hostText(member.monitorAddress ?? member.address, 'server'));
  words.push('port', member.monitorPort ?? member.protocolPort);
  return words;
}

function proxyProtocol(pool: Pool): Argument[] {
  if (pool.protocol === 'PROXY') return ['send-proxy'];
  return pool.protocol === 'PROXYV2' ? ['send-proxy-v2'] : [];
}

export function serverLine(member: Member, context: ServerContext): Line {
  const { pool, listener, monitor, mode, options } = context;
  const tls = pool.tlsEnabled ? context.tls : null;
  return line(
    'server',
    member.id,
    endpointText(member.address, member.protocolPort, 'server'),
    'weight',
    member.weight,
    ...proxyProtocol(pool),
    ...(tls === null ? [] : serverTlsArguments(pool, listener, tls, options)),
    ...(usesServerCookie(pool.sessionPersistence, mode) ? ['cookie', member.id] : []),
    ...(monitor === null ? [] : checkArguments(monitor, member, { ...context, tls })),
    ...(member.backup ? ['backup'] : []),
    ...(member.adminStateUp ? [] : ['disabled']),
  );
}
