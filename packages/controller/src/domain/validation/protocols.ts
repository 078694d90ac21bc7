/** Which pool protocols a listener protocol can use (the protocol matrix of the API contract), and layer-4 identity. */
import { OctaviaError } from '../../errors.ts';
import type { ListenerProtocol, PoolProtocol } from '../resources.ts';
import { refusal } from './refuse.ts';

const POOL_PROTOCOLS_BY_LISTENER: Record<ListenerProtocol, readonly PoolProtocol[]> = {
  TCP: ['HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'TCP'],
  HTTP: ['HTTP', 'PROXY', 'PROXYV2'],
  HTTPS: ['HTTPS', 'PROXY', 'PROXYV2', 'TCP'],
  TERMINATED_HTTPS: ['HTTP', 'PROXY', 'PROXYV2'],
  UDP: ['UDP'],
  SCTP: ['SCTP'],
  PROMETHEUS: [],
};

/** @throws OctaviaError PROMETHEUS_CHILD, VALIDATION */
export function checkPoolFitsListener(pool: PoolProtocol, listener: ListenerProtocol): void {
  if (listener === 'PROMETHEUS') throw new OctaviaError('PROMETHEUS_CHILD');
  if (!POOL_PROTOCOLS_BY_LISTENER[listener].includes(pool)) {
    throw refusal(`The pool protocol '${pool}' is invalid while the listener protocol is '${listener}'.`);
  }
}

export type Layer4Protocol = 'TCP' | 'UDP' | 'SCTP';

/** Ports are unique per layer-4 protocol, not per listener protocol. */
export function layer4(protocol: ListenerProtocol | PoolProtocol): Layer4Protocol {
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

export const isConnectionless = (protocol: ListenerProtocol | PoolProtocol): boolean => layer4(protocol) !== 'TCP';
