/** What new connections must reach an amphora on its VIP port. */
import type { Amphora, LoadBalancerTree } from './resources.ts';

export interface IngressRule {
  protocol: 'tcp' | 'udp' | 'sctp' | 'vrrp';
  /** null: the protocol has none. */
  port: number | null;
  /** CIDRs or addresses; null: everybody. */
  sources: readonly string[] | null;
}

/** HAProxy's peers exchange their tables on it. */
const PEER_PORT = 1025;

const isGoing = (status: string): boolean => status === 'PENDING_DELETE' || status === 'DELETED';

/** Listeners' ports for whom they allow, and what the amphorae of a pair say to each other. */
export function ingressRules(tree: LoadBalancerTree, amphora: Amphora): IngressRule[] {
  const listeners = tree.listeners
    .filter((listener) => listener.adminStateUp && !isGoing(listener.provisioningStatus))
    .map(({ protocol, protocolPort, allowedCidrs }): IngressRule => {
      const transport = protocol === 'UDP' ? 'udp' : protocol === 'SCTP' ? 'sctp' : 'tcp';
      return { protocol: transport, port: protocolPort, sources: allowedCidrs?.length ? allowedCidrs : null };
    });
  const peers = tree.amphorae
    .filter((peer) => peer.id !== amphora.id && !isGoing(peer.status))
    .flatMap((peer) => (peer.vrrpIp === null ? [] : [peer.vrrpIp]));
  if (peers.length === 0) return listeners;
  const between: IngressRule[] = [
    { protocol: 'vrrp', port: null, sources: peers },
    { protocol: 'tcp', port: PEER_PORT, sources: peers },
  ];
  return [...listeners, ...between];
}
