/** The network service with the caller's rights: what another project has to itself is not there (VIP-USER-SCOPE). */
import type { FastifyRequest } from 'fastify';
import type { NetworkDriver, NetworkLookups } from '../../clouds/network/interface.ts';
import type { Caller } from '../caller.ts';

/** What requests name objects of, and what is known of those: each is asked for once in a request. */
export type SeenNetworks = NetworkLookups;

/** Callers who see the same of a service that asks for project and roles. */
const rightsOf = ({ projectId, domainId, systemScope, roles }: Caller): string =>
  JSON.stringify([projectId, domainId, systemScope, [...roles].sort()]);

/** A service that knows callers is asked with their own token; of ours administrators see everything. */
export function seenBy({ caller, headers }: FastifyRequest, network: NetworkDriver): SeenNetworks {
  const token = headers['x-auth-token'];
  if (network.seenBy && typeof token === 'string') {
    return once(network.seenBy({ token, rights: rightsOf(caller) }));
  }
  return once(caller.isAdmin ? network : unreserved(caller, network));
}

function unreserved({ projectId }: Caller, network: NetworkDriver): NetworkLookups {
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

/** Questions of one request are asked once, so that they can be asked beforehand and beside each other. */
function once(lookups: NetworkLookups): SeenNetworks {
  const remembering = <T>(ask: (id: string) => Promise<T>): ((id: string) => Promise<T>) => {
    const asked = new Map<string, Promise<T>>();
    return (id) => {
      const answer = asked.get(id) ?? ask(id);
      asked.set(id, answer);
      return answer;
    };
  };
  return {
    getNetwork: remembering((id) => lookups.getNetwork(id)),
    getSubnet: remembering((id) => lookups.getSubnet(id)),
    getPort: remembering((id) => lookups.getPort(id)),
    ...(lookups.joins ? { joins: (subnet, networkId) => lookups.joins!(subnet, networkId) } : {}),
    qosPolicyExists: remembering((id) => lookups.qosPolicyExists(id)),
    securityGroupExists: remembering((id) => lookups.securityGroupExists(id)),
    countFreeAddresses: (subnet) => lookups.countFreeAddresses(subnet),
    ...(lookups.countAhead ? { countAhead: (id) => lookups.countAhead!(id) } : {}),
  };
}
