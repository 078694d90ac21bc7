/**
 * What the security group of a load balancer lets in, for network services that filter ports by groups. Those of a host filter
 * each port by itself (`ingress.ts`).
 */
import { canonicalCidr, ipVersion } from './addresses.ts';
import { clientRules, type IngressOptions, PEER_PORT } from './ingress.ts';
import type { LoadBalancerTree } from './resources.ts';
import { canonicalUuid } from './uuid.ts';

/** Ingress of one IP version. */
export interface GroupRule {
  /** `ah`: authentication header, which keepalived may use. */
  protocol: 'tcp' | 'udp' | 'sctp' | 'vrrp' | 'ah';
  /** null: the protocol has none. */
  port: number | null;
  ipVersion: 4 | 6;
  /** Network in canonical form; null: everybody. */
  source: string | null;
}

/** As OpenStack Octavia has them, and operators' scripts know them. */
export const vipGroupName = (loadBalancerId: string): string => `lb-${loadBalancerId}`;

/** null: it is not named after one */
export const loadBalancerOfVipGroup = (name: string): string | null => {
  const id = name.startsWith('lb-') ? name.slice('lb-'.length) : '';
  return canonicalUuid(id) === id ? id : null;
};

/**
 * Listeners' ports for whom they allow, on each IP version that a VIP has; none where the user brought groups of their own.
 * Peers exchange tables in every topology: a single amphora learns from the one that it replaces.
 */
export function vipGroupRules(tree: LoadBalancerTree, options: IngressOptions = {}): GroupRule[] {
  const { vip, additionalVips, topology } = tree.loadBalancer;
  const primary = ipVersion(vip.address);
  const versions = new Set([primary, ...additionalVips.map(({ ipAddress }) => ipVersion(ipAddress))]);
  const rules = new Map<string, GroupRule>();
  const add = (rule: GroupRule): void => void rules.set(JSON.stringify(rule), rule);
  for (const { protocol, port, sources } of vip.securityGroupIds.length > 0 ? [] : clientRules(tree, options)) {
    if (protocol === 'vrrp') continue;
    for (const version of versions) {
      if (sources === null) add({ protocol, port, ipVersion: version, source: null });
      for (const source of sources ?? []) {
        if (ipVersion(source) !== version) continue;
        const network = canonicalCidr(source);
        add({ protocol, port, ipVersion: version, source: network?.endsWith('/0') ? null : network });
      }
    }
  }
  add({ protocol: 'tcp', port: PEER_PORT, ipVersion: primary, source: null });
  if (topology === 'ACTIVE_STANDBY') {
    for (const protocol of ['vrrp', 'ah'] as const) add({ protocol, port: null, ipVersion: primary, source: null });
  }
  return [...rules.values()];
}
