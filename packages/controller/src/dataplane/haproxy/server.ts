import { type Argument, type Line, line, value } from '@octavia/haproxy-config/tree';
import type { HealthMonitor, Member, Pool } from '../../domain/resources.ts';
import { endpointText, hostText } from './address.ts';
import { LONGEST_SECONDS } from './health-check.ts';
import type { ProxyMode } from './modes.ts';
import type { HaproxyOptions } from './options.ts';
import { usesServerCookie } from './persistence.ts';
import { serverTlsArguments } from './tls.ts';
import type { PoolTlsFiles } from './tls-files.ts';
import { alpnArguments } from './tls-settings.ts';

/** HAProxy refuses an interval of zero. */
const SHORTEST_DELAY = 1;

export interface ServerContext {
  pool: Pool;
  monitor: HealthMonitor | null;
  mode: ProxyMode;
  /** Set when the pool talks TLS to its members. */
  tls: PoolTlsFiles | null;
  /** Tells the member the name it is asked under (`member-name.ts`). */
  name: readonly Argument[];
  options: HaproxyOptions;
}

/**
 * A check that goes where the traffic goes takes the same way: TLS, PROXY protocol. HAProxy would do so by itself if it
 * were not told where to; it is told in any case, or the place of before, read from the saved state, would stay in force.
 */
function checkWay(monitor: HealthMonitor, member: Member, { pool, tls }: ServerContext): Argument[] {
  const elsewhere = member.monitorAddress !== null || member.monitorPort !== null;
  const { type, domainName } = monitor;
  // The hello of TLS-HELLO is plain bytes of its own.
  const secure = type === 'HTTPS' || (tls !== null && !elsewhere && type !== 'TLS-HELLO');
  const words: Argument[] = [];
  if (secure) {
    words.push('check-ssl');
    // Of a pool without TLS the certificates of members are not verified: it has no CA to say so.
    if (tls === null) words.push('verify', 'none');
    // Without it the check offers what the pool offers, and speaks HTTP/1 whatever the member has chosen.
    else if (type === 'HTTP' || type === 'HTTPS') words.push(...alpnArguments('check-alpn', pool));
    if (domainName !== null) words.push('check-sni', value(domainName));
  }
  if (!elsewhere && proxyProtocol(pool).length > 0) words.push('check-send-proxy');
  return words;
}

function checkArguments(monitor: HealthMonitor, member: Member, context: ServerContext): Argument[] {
  const words: Argument[] = ['check', ...checkWay(monitor, member, context)];
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
  const { pool, monitor, mode, name, options } = context;
  const tls = pool.tlsEnabled ? context.tls : null;
  return line(
    'server',
    member.id,
    endpointText(member.address, member.protocolPort, 'server'),
    'weight',
    member.weight,
    ...proxyProtocol(pool),
    ...(tls === null ? [] : [...serverTlsArguments(pool, tls, options), ...name]),
    ...(usesServerCookie(pool.sessionPersistence, mode) ? ['cookie', member.id] : []),
    ...(monitor === null ? [] : checkArguments(monitor, member, { ...context, tls })),
    ...(member.backup ? ['backup'] : []),
    ...(member.adminStateUp ? [] : ['disabled']),
  );
}
