import { randomUUID } from 'node:crypto';
import type { Listener, LoadBalancer, Member, Pool } from '../../src/domain/resources.ts';
import { Store } from '../../src/store/database.ts';
import { openTestPostgres } from './postgres.ts';

export interface TestStore {
  url: string;
  store: Store;
  close(): Promise<void>;
}

/** A real PostgreSQL of its own in a temporary folder, with the schema of this release. */
export async function openTestStore(): Promise<TestStore> {
  const postgres = await openTestPostgres();
  const store = new Store({ url: postgres.url, maxConnections: 10 });
  return {
    url: postgres.url,
    store,
    async close() {
      await store.close();
      await postgres.close();
    },
  };
}

const resource = () => ({
  id: randomUUID() as string,
  projectId: 'project-1',
  name: '',
  adminStateUp: true,
  provisioningStatus: 'ACTIVE' as const,
  operatingStatus: 'OFFLINE' as const,
  statusReason: null,
  tags: [],
  createdAt: new Date(),
  updatedAt: null,
});

export const aLoadBalancer = (changes: Partial<LoadBalancer> = {}): LoadBalancer => ({
  ...resource(),
  description: '',
  provider: 'amphora',
  topology: 'SINGLE',
  flavorId: null,
  availabilityZone: null,
  vip: {
    address: '198.18.4.10',
    portId: null,
    subnetId: null,
    networkId: null,
    qosPolicyId: null,
    portOwned: false,
    vnicType: 'normal',
    securityGroupIds: [],
  },
  additionalVips: [],
  ...changes,
});

export const aPool = (loadBalancerId: string, changes: Partial<Pool> = {}): Pool => ({
  ...resource(),
  loadBalancerId,
  description: '',
  protocol: 'HTTP',
  lbAlgorithm: 'ROUND_ROBIN',
  sessionPersistence: null,
  tlsEnabled: false,
  tlsContainerRef: null,
  caTlsContainerRef: null,
  crlContainerRef: null,
  tlsCiphers: null,
  tlsVersions: null,
  alpnProtocols: null,
  ...changes,
});

export const aListener = (loadBalancerId: string, changes: Partial<Listener> = {}): Listener => ({
  ...resource(),
  loadBalancerId,
  description: '',
  protocol: 'HTTP',
  protocolPort: 80,
  connectionLimit: -1,
  defaultPoolId: null,
  insertHeaders: {},
  defaultTlsContainerRef: null,
  sniContainerRefs: [],
  timeoutClientData: 50_000,
  timeoutMemberConnect: 5_000,
  timeoutMemberData: 50_000,
  timeoutTcpInspect: 0,
  clientAuthentication: 'NONE',
  clientCaTlsContainerRef: null,
  clientCrlContainerRef: null,
  allowedCidrs: null,
  tlsCiphers: null,
  tlsVersions: null,
  alpnProtocols: null,
  hstsMaxAge: null,
  hstsIncludeSubdomains: false,
  hstsPreload: false,
  ...changes,
});

export const aMember = (poolId: string, changes: Partial<Member> = {}): Member => ({
  ...resource(),
  poolId,
  address: '198.18.8.10',
  protocolPort: 80,
  subnetId: null,
  weight: 1,
  backup: false,
  monitorAddress: null,
  monitorPort: null,
  vnicType: 'normal',
  ...changes,
});
