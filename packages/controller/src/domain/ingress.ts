/** What must reach an amphora on its VIP port. */
import type { Amphora, LoadBalancerTree, Member } from './resources.ts';
import { isConnectionless, layer4 } from './validation/protocols.ts';

export interface IngressRule {
  protocol: 'tcp' | 'udp' | 'sctp' | 'vrrp';
  /** null: any, or the protocol has none. */
  port: number | null;
  /** Left out: any. */
  sourcePort?: number;
  /** CIDRs or addresses; null: everybody. */
  sources: readonly string[] | null;
}

export interface IngressOptions {
  /** While a change is under way what is on its way out is still let in: it is served until the amphora is told. */
  leaving?: boolean;
}

/** HAProxy's peers exchange their tables on it. */
export const PEER_PORT = 1025;

const TRANSPORTS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

const isGone = (status: string, leaving: boolean): boolean =>
  status === 'DELETED' || (status === 'PENDING_DELETE' && !leaving);

/** Of the listeners that are open. */
export function clientRules(
  { listeners }: Pick<LoadBalancerTree, 'listeners'>,
  { leaving = false }: IngressOptions = {},
): IngressRule[] {
  return listeners
    .filter((listener) => listener.adminStateUp && !isGone(listener.provisioningStatus, leaving))
    .map(({ protocol, protocolPort, allowedCidrs }) => ({
      protocol: TRANSPORTS[layer4(protocol)],
      port: protocolPort,
      sources: allowedCidrs?.length ? allowedCidrs : null,
    }));
}

/**
 * Answers of UDP and SCTP members, and to what checks them. Nothing in such a packet tells an answer from a question, so
 * it is known by the member's address and port; a member may thus reach listeners that shut it out.
 */
function answers({ pools, members }: LoadBalancerTree, leaving: boolean): IngressRule[] {
  const found = new Map<string, IngressRule>();
  const byId = new Map(pools.map((pool) => [pool.id, pool]));
  for (const member of members) {
    const pool = byId.get(member.poolId);
    if (pool === undefined || !isConnectionless(pool.protocol)) continue;
    if (isGone(pool.provisioningStatus, leaving) || isGone(member.provisioningStatus, leaving)) continue;
    for (const { address, port } of endpoints(member)) {
      const rule: IngressRule = {
        protocol: TRANSPORTS[layer4(pool.protocol)],
        port: null,
        sourcePort: port,
        sources: [address],
      };
      found.set(JSON.stringify(rule), rule);
    }
  }
  return [...found.values()];
}

function endpoints({
  address,
  protocolPort,
  monitorAddress,
  monitorPort,
}: Member): { address: string; port: number }[] {
  const traffic = { address, port: protocolPort };
  if (monitorAddress === null && monitorPort === null) return [traffic];
  return [traffic, { address: monitorAddress ?? address, port: monitorPort ?? protocolPort }];
}

function peers({ amphorae }: LoadBalancerTree, amphora: Amphora): IngressRule[] {
  const addresses = amphorae
    .filter((peer) => peer.id !== amphora.id && !isGone(peer.status, false))
    .flatMap((peer) => (peer.vrrpIp === null ? [] : [peer.vrrpIp]));
  if (addresses.length === 0) return [];
  return [
    { protocol: 'vrrp', port: null, sources: addresses },
    { protocol: 'tcp', port: PEER_PORT, sources: addresses },
  ];
}

/** Listeners' ports for whom they allow, answers that no connection announces, and what the amphorae of a pair say. */
export function ingressRules(
  tree: LoadBalancerTree,
  amphora: Amphora,
  { leaving = false }: IngressOptions = {},
): IngressRule[] {
  return [...clientRules(tree, { leaving }), ...answers(tree, leaving), ...peers(tree, amphora)];
}
