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

/** Of a pool without TLS the certificates of members are not verified: it has no CA to say so. */
function checkTlsArguments(monitor: HealthMonitor, tls: boolean): Argument[] {
  if (monitor.type !== 'HTTPS') return [];
  const sni = monitor.domainName === null ? [] : ['check-sni', value(monitor.domainName)];
  return ['check-ssl', ...(tls ? [] : ['verify', 'none']), ...sni];
}

function checkArguments(monitor: HealthMonitor, member: Member, tls: boolean): Argument[] {
  const words: Argument[] = ['check', ...checkTlsArguments(monitor, tls)];
  words.push('inter', `${Math.min(Math.max(monitor.delay, SHORTEST_DELAY), LONGEST_SECONDS)}s`);
  words.push('fall', monitor.maxRetriesDown, 'rise', monitor.maxRetries);
  if (member.monitorAddress !== null) words.push('addr', hostText(member.monitorAddress, 'server'));
  if (member.monitorPort !== null) words.push('port', member.monitorPort);
  // The hello is plain bytes of its own; with a port given HAProxy does not wrap the check in the server's TLS.
  else if (monitor.type === 'TLS-HELLO' && tls) words.push('port', member.protocolPort);
  return words;
}

function proxyProtocol(pool: Pool): Argument[] {
  if (pool.protocol === 'PROXY') return ['send-proxy'];
  return pool.protocol === 'PROXYV2' ? ['send-proxy-v2'] : [];
}

export function serverLine(member: Member, { pool, listener, monitor, mode, tls, options }: ServerContext): Line {
  const encrypts = pool.tlsEnabled && tls !== null;
  return line(
    'server',
    member.id,
    endpointText(member.address, member.protocolPort, 'server'),
    'weight',
    member.weight,
    ...proxyProtocol(pool),
    ...(encrypts ? serverTlsArguments(pool, listener, tls, options) : []),
    ...(usesServerCookie(pool.sessionPersistence, mode) ? ['cookie', member.id] : []),
    ...(monitor === null ? [] : checkArguments(monitor, member, encrypts)),
    ...(member.backup ? ['backup'] : []),
    ...(member.adminStateUp ? [] : ['disabled']),
  );
}
