/** The network service with the caller's rights: what another project has to itself is not there (VIP-USER-SCOPE). */
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import type { Caller } from '../caller.ts';

/** What requests name objects of, and what is known of those. */
export type SeenNetworks = Pick<
  NetworkDriver,
  'getNetwork' | 'getSubnet' | 'getPort' | 'joins' | 'qosPolicyExists' | 'securityGroupExists' | 'countFreeAddresses'
>;

/** Administrators see everything. */
export function seenBy({ isAdmin, projectId }: Caller, network: NetworkDriver): SeenNetworks {
  if (isAdmin) return network;
  const open = <T extends { reservedFor?: string | null }>(found: T | null): T | null =>
    found?.reservedFor === undefined || (projectId !== null && found.reservedFor === projectId) ? found : null;
  return {
    getNetwork: async (id) => open(await network.getNetwork(id)),
    getSubnet: async (id) => open(await network.getSubnet(id)),
    async getPort(id) {
      const port = await network.getPort(id);
      return projectId !== null && port?.projectId === projectId ? port : null;
    },
    ...(network.joins ? { joins: (subnet, networkId) => network.joins!(subnet, networkId) } : {}),
    qosPolicyExists: (id) => network.qosPolicyExists(id),
    securityGroupExists: (id) => network.securityGroupExists(id),
    countFreeAddresses: (subnet) => network.countFreeAddresses(subnet),
  };
}
