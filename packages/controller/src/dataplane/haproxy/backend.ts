import { isIPv6 } from 'node:net';
import type { HealthMonitor, LbAlgorithm, Listener, LoadBalancer, Member, Pool } from '../../domain/resources.ts';
import { vipAddresses } from './address.ts';
import { type Line, line, type Section } from './config.ts';
import { healthCheckLines } from './health-check.ts';
import { type ProxyMode, poolMode } from './modes.ts';
import type { HaproxyOptions } from './options.ts';
import { persistenceLines } from './persistence.ts';
import { serverLine } from './server.ts';
import { refuseUnsupported } from './unsupported.ts';

const BALANCE: Record<Exclude<LbAlgorithm, 'SOURCE_IP_PORT'>, string> = {
  ROUND_ROBIN: 'roundrobin',
  LEAST_CONNECTIONS: 'leastconn',
  SOURCE_IP: 'source',
};

/** Timeouts and header insertion are the listener's, so each (pool, listener) has a backend of its own. */
export const backendName = (pool: Pool, listener: Listener): string => `${pool.id}:${listener.id}`;

function headerLines(listener: Listener, mode: ProxyMode): Line[] {
  if (mode !== 'http' || listener.protocol !== 'HTTP') return [];
  const wants = (header: string): boolean => listener.insertHeaders[header]?.toLowerCase() === 'true';
  const lines: Line[] = [];
  if (wants('X-Forwarded-For')) lines.push(line('option', 'forwardfor'));
  if (wants('X-Forwarded-Port')) lines.push(line('http-request', 'set-header', 'X-Forwarded-Port', '%[dst_port]'));
  if (wants('X-Forwarded-Proto')) lines.push(line('http-request', 'set-header', 'X-Forwarded-Proto', 'http'));
  for (const header of ['X-Forwarded-IP', 'X-Client-IP', 'X-Real-IP']) {
    if (wants(header)) lines.push(line('http-request', 'set-header', header, '%[src]'));
  }
  return lines;
}

function balanceLine(pool: Pool): Line {
  if (pool.lbAlgorithm === 'SOURCE_IP_PORT') throw refuseUnsupported({ algorithm: pool.lbAlgorithm });
  return line('balance', BALANCE[pool.lbAlgorithm]);
}

/**
 * @param members those to be served, in order
 * @param monitor the pool's health monitor when it is switched on
 */
export function backendSection(
  loadBalancer: LoadBalancer,
  listener: Listener,
  pool: Pool,
  members: readonly Member[],
  monitor: HealthMonitor | null,
  options: HaproxyOptions,
): Section {
  const mode = poolMode(pool, listener);
  const persistence = {
    mode,
    ipv6: vipAddresses(loadBalancer).some((address) => isIPv6(address)),
    stickSize: options.stickSize,
  };
  return {
    kind: 'backend',
    name: backendName(pool, listener),
    lines: [
      line('mode', mode),
      balanceLine(pool),
      line('timeout', 'connect', listener.timeoutMemberConnect),
      line('timeout', 'server', listener.timeoutMemberData),
      ...persistenceLines(pool.sessionPersistence, persistence),
      ...headerLines(listener, mode),
      ...(monitor === null ? [] : healthCheckLines(monitor, options)),
      // Without it only the first backup member would get traffic when all others are down.
      ...(members.some((member) => member.backup) ? [line('option', 'allbackups')] : []),
      ...members.map((member) => serverLine(member, pool, monitor, mode)),
    ],
  };
}
