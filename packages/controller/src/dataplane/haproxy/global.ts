import { type Line, line, type Section, value } from '@octavia/haproxy-config/tree';
import type { Listener } from '../../domain/resources.ts';
import { needsCertificates } from '../../domain/serving.ts';
import { defaultLogLines, logTargetLines } from './logging.ts';
import { BUFFER_SIZE, type HaproxyOptions, MAX_HEADERS } from './options.ts';
import { localPeerLine, sharesTables } from './peers.ts';
import type { RenderScope } from './scope.ts';

/**
 * HAProxy allocates its tables for `maxconn` connections at start, so a limit beyond what a node can ever serve only
 * costs memory (two descriptors per connection).
 */
const MOST_CONNECTIONS = 1_000_000;

const RETRIES = 3;

/**
 * A process that is replaced stays as long as it has connections, at some 16 MB each. Beyond these, the oldest one ends with
 * the next reload: an amphora with 1 GB would otherwise run out of memory under many changes and long connections.
 */
const OLD_PROCESSES = 20;

/** Bits. Of its own accord HAProxy has no parameters for DHE ciphers, and nobody gets in with them. */
const DH_PARAMETERS = 2048;

/** -1 is "unlimited"; 0 has been accepted and read as "not set" by OpenStack Octavia. */
export function connectionLimit(listener: Listener, options: HaproxyOptions): number {
  const limit = listener.connectionLimit > 0 ? listener.connectionLimit : options.defaultConnectionLimit;
  return Math.min(limit, MOST_CONNECTIONS);
}

export const statsSocketPath = (loadBalancerId: string, options: HaproxyOptions): string =>
  `${options.basePath}/${loadBalancerId}.sock`;

export const serverStatePath = (loadBalancerId: string, options: HaproxyOptions): string =>
  `${options.basePath}/${loadBalancerId}/servers-state`;

/**
 * @param pings whether a member is checked by a program
 * @param readsPaths whether a policy asks for paths (`l7-paths.ts`)
 */
export function globalSection(
  { tree, amphora, options }: RenderScope,
  listeners: readonly Listener[],
  { pings, readsPaths }: { pings: boolean; readsPaths: boolean },
): Section {
  const loadBalancerId = tree.loadBalancer.id;
  const total = listeners.reduce((sum, listener) => sum + connectionLimit(listener, options), 0);
  const socket = value(statsSocketPath(loadBalancerId, options));
  const lines: Line[] = [
    line('node', amphora.id),
    line('user', 'nobody'),
    line('group', 'nogroup'),
    ...logTargetLines(options),
    ...(sharesTables(tree, amphora) ? [localPeerLine(amphora)] : []),
    line('maxconn', Math.min(total, MOST_CONNECTIONS)),
    // Otherwise HAProxy refuses to start where the descriptor limit is below twice maxconn, e.g. in a container.
    line('no', 'strict-limits'),
    line('hard-stop-after', `${options.hardStopAfter}s`),
    line('mworker-max-reloads', OLD_PROCESSES),
    line('stats', 'socket', socket, 'mode', '600', 'level', 'admin', 'expose-fd', 'listeners'),
  ];
  if (options.restoreServerState) {
    lines.push(line('server-state-file', value(serverStatePath(loadBalancerId, options))));
  }
  if (options.bufferSize !== BUFFER_SIZE) lines.push(line('tune.bufsize', options.bufferSize));
  if (options.maxHeaders !== MAX_HEADERS) lines.push(line('tune.http.maxhdr', options.maxHeaders));
  if (listeners.some(needsCertificates)) lines.push(line('tune.ssl.default-dh-param', DH_PARAMETERS));
  // HAProxy 2.6 counts `normalize-uri` among them.
  if (readsPaths) lines.push(line('expose-experimental-directives'));
  if (pings) lines.push(line('external-check'), line('insecure-fork-wanted'));
  return { kind: 'global', name: null, lines };
}

export const defaultsSection = (options: HaproxyOptions): Section => ({
  kind: 'defaults',
  name: null,
  lines: [...defaultLogLines(options), line('retries', RETRIES), line('option', 'redispatch')],
});
