import type { HealthMonitor, Member, Pool } from '../../domain/resources.ts';
import { endpointText, hostText } from './address.ts';
import { type Argument, type Line, line, value } from './config.ts';
import { LONGEST_SECONDS } from './health-check.ts';
import type { ProxyMode } from './modes.ts';
import { usesServerCookie } from './persistence.ts';

/** HAProxy refuses an interval of zero. */
const SHORTEST_DELAY = 1;

function checkArguments(monitor: HealthMonitor, member: Member): Argument[] {
  const words: Argument[] = ['check'];
  if (monitor.type === 'HTTPS') {
    words.push('check-ssl', 'verify', 'none');
    if (monitor.domainName !== null) words.push('check-sni', value(monitor.domainName));
  }
  words.push('inter', `${Math.min(Math.max(monitor.delay, SHORTEST_DELAY), LONGEST_SECONDS)}s`);
  words.push('fall', monitor.maxRetriesDown, 'rise', monitor.maxRetries);
  if (member.monitorAddress !== null) words.push('addr', hostText(member.monitorAddress, 'server'));
  if (member.monitorPort !== null) words.push('port', member.monitorPort);
  return words;
}

function proxyProtocol(pool: Pool): Argument[] {
  if (pool.protocol === 'PROXY') return ['send-proxy'];
  return pool.protocol === 'PROXYV2' ? ['send-proxy-v2'] : [];
}

export function serverLine(member: Member, pool: Pool, monitor: HealthMonitor | null, mode: ProxyMode): Line {
  return line(
    'server',
    member.id,
    endpointText(member.address, member.protocolPort, 'server'),
    'weight',
    member.weight,
    ...proxyProtocol(pool),
    ...(usesServerCookie(pool.sessionPersistence, mode) ? ['cookie', member.id] : []),
    ...(monitor === null ? [] : checkArguments(monitor, member)),
    ...(member.backup ? ['backup'] : []),
    ...(member.adminStateUp ? [] : ['disabled']),
  );
}
