/** Stick tables that the two amphorae of an ACTIVE_STANDBY load balancer keep in step. */
import { peerName } from '@octavia/amphora/protocol/peer-name';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { endpointText } from './address.ts';
import { type Line, line, type Section } from './config.ts';

const PEER_PORT = 1025;

export const peersName = (loadBalancerId: string): string => `${loadBalancerId.replaceAll('-', '')}_peers`;

/** Those that are reached by the others; one that is gone or going is none. */
function peers({ loadBalancer, amphorae }: LoadBalancerTree): Amphora[] {
  if (loadBalancer.topology !== 'ACTIVE_STANDBY') return [];
  return amphorae
    .filter(({ status, vrrpIp }) => status !== 'DELETED' && status !== 'PENDING_DELETE' && vrrpIp !== null)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether this amphora shares its tables: it must be among the peers itself, or HAProxy drops the section. */
export function sharesTables(tree: LoadBalancerTree, amphora: Amphora): boolean {
  const all = peers(tree);
  return all.length > 1 && all.some(({ id }) => id === amphora.id);
}

export function peersSection(tree: LoadBalancerTree): Section {
  const lines = peers(tree).map((peer) =>
    line('peer', peerName(peer.id), endpointText(peer.vrrpIp!, PEER_PORT, 'peer')),
  );
  return { kind: 'peers', name: peersName(tree.loadBalancer.id), lines };
}

/** In `global`: which of the peers this HAProxy is. */
export const localPeerLine = (amphora: Amphora): Line => line('localpeer', peerName(amphora.id));
