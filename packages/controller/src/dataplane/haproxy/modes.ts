import type { Listener, Pool } from '../../domain/resources.ts';

export type ProxyMode = 'http' | 'tcp';

export function listenerMode(listener: Listener): ProxyMode {
  return ['HTTP', 'TERMINATED_HTTPS', 'PROMETHEUS'].includes(listener.protocol) ? 'http' : 'tcp';
}

/**
 * A PROXY pool speaks the listener's protocol inside the PROXY protocol. An HTTP pool behind a TCP listener is still read
 * as HTTP (HAProxy upgrades the connection), which its cookies need.
 */
export function poolMode(pool: Pool, listener: Listener): ProxyMode {
  return listenerMode(listener) === 'http' || pool.protocol === 'HTTP' ? 'http' : 'tcp';
}
