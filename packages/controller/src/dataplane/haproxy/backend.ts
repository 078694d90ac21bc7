import { isIPv6 } from 'node:net';
import { type Line, line, type Section } from '@octavia/haproxy-config/tree';
import type { HealthMonitor, LbAlgorithm, Listener, Member, Pool } from '../../domain/resources.ts';
import { servedListeners, servedPools } from '../../domain/serving.ts';
import { vipAddresses } from './address.ts';
import { healthCheckLines } from './health-check.ts';
import { headerLines } from './insert-headers.ts';
import { memberName } from './member-name.ts';
import { poolMode } from './modes.ts';
import { peersName, sharesTables } from './peers.ts';
import { persistenceLines, serverCookie } from './persistence.ts';
import { requestLines } from './requests.ts';
import type { RenderScope } from './scope.ts';
import { serverLine } from './server.ts';
import { sourceLine } from './tls.ts';
import { refuseUnsupported } from './unsupported.ts';

const BALANCE: Record<Exclude<LbAlgorithm, 'SOURCE_IP_PORT'>, string> = {
  ROUND_ROBIN: 'roundrobin',
  LEAST_CONNECTIONS: 'leastconn',
  SOURCE_IP: 'source',
};

/** Timeouts and header insertion are the listener's, so each (pool, listener) has a backend of its own. */
export const backendName = (pool: Pool, listener: Listener): string => `${pool.id}:${listener.id}`;

function balanceLine(pool: Pool): Line {
  if (pool.lbAlgorithm === 'SOURCE_IP_PORT') throw refuseUnsupported({ algorithm: pool.lbAlgorithm });
  return line('balance', BALANCE[pool.lbAlgorithm]);
}

/**
 * @param members those to be served, in order; none of them is when the pool's secrets could not be read: talking to
 *   them without TLS, or without verifying them, is not what the tenant asked for
 * @param monitor the pool's health monitor when it is switched on
 */
export function backendSection(
  { tree, amphora, options, files }: RenderScope,
  listener: Listener,
  pool: Pool,
  members: readonly Member[],
  monitor: HealthMonitor | null,
): Section {
  const mode = poolMode(pool, listener);
  const listeners = servedListeners(tree);
  const persistence = {
    mode,
    ipv6: vipAddresses(tree.loadBalancer).some((address) => isIPv6(address)),
    stickSize: options.stickSize,
    cookie: serverCookie(
      pool,
      listeners.flatMap((other) => servedPools(tree, other)),
      listeners.filter((other) => servedPools(tree, other).some(({ id }) => id === pool.id)),
    ),
    peers: sharesTables(tree, amphora) ? peersName(tree.loadBalancer.id) : null,
  };
  const tls = files.pools.get(pool.id) ?? null;
  const served = pool.tlsEnabled && tls === null ? [] : members;
  const name = pool.tlsEnabled && tls !== null ? memberName(listener, mode, monitor, tls) : { lines: [], words: [] };
  const context = { pool, monitor, mode, tls, name: name.words, options };
  return {
    kind: 'backend',
    name: backendName(pool, listener),
    lines: [
      line('mode', mode),
      ...(pool.tlsEnabled && tls !== null ? [sourceLine(tls)] : []),
      balanceLine(pool),
      line('timeout', 'connect', listener.timeoutMemberConnect),
      line('timeout', 'server', listener.timeoutMemberData),
      ...requestLines(pool, mode),
      ...headerLines(listener, mode),
      ...name.lines,
      ...persistenceLines(pool.sessionPersistence, persistence),
      ...(monitor === null ? [] : healthCheckLines(monitor, options)),
      // Without it only the first backup member would get traffic when all others are down.
      ...(served.some((member) => member.backup) ? [line('option', 'allbackups')] : []),
      ...served.map((member) => serverLine(member, context)),
    ],
  };
}
