/**
 * Stick tables that live on: amphorae of a load balancer keep them in step, and the process that a reload replaces hands them
 * to the one that follows. For that the section stands there for a single amphora, too, with itself as the only peer.
 */

import { type Line, line, type Section } from '@octavia/haproxy-config/tree';
import { peerName } from '@octavia/protocol/peer-name';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { endpointText } from './address.ts';

const PEER_PORT = 1025;

/** Tables are found by this name, the backend's and the peer's: none of them changes while the load balancer lives. */
export const peersName = (loadBalancerId: string): string => `${loadBalancerId.replaceAll('-', '')}_peers`;

/** Those that can be reached; also one that is going, which still has what its successor is to know. */
const peers = ({ amphorae }: LoadBalancerTree): Amphora[] =>
  amphorae
    .filter(({ status, vrrpIp }) => status !== 'DELETED' && vrrpIp !== null)
    .sort((a, b) => (a.id < b.id ? -1 : 1));

/** Whether this amphora shares its tables: it must be among the peers itself, or HAProxy drops the section. */
export const sharesTables = (tree: LoadBalancerTree, amphora: Amphora): boolean =>
  peers(tree).some(({ id }) => id === amphora.id);

export function peersSection(tree: LoadBalancerTree): Section {
  const lines = peers(tree).map((peer) =>
    line('peer', peerName(peer.id), endpointText(peer.vrrpIp!, PEER_PORT, 'peer')),
  );
  return { kind: 'peers', name: peersName(tree.loadBalancer.id), lines };
}

/** In `global`: which of the peers this HAProxy is. */
export const localPeerLine = (amphora: Amphora): Line => line('localpeer', peerName(amphora.id));
