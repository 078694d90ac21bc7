/** Trees for tests: resources with ids and times that a golden file can hold. */
import type {
  Amphora,
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  LoadBalancerTree,
  Member,
  Pool,
  Resource,
  SessionPersistence,
  Vip,
} from '../../../src/domain/resources.ts';
import { aListener, aLoadBalancer, aMember, anAmphora, aPool } from '../../support/resources.ts';

export const LOAD_BALANCER_ID = '10000000-0000-4000-8000-000000000001';
export const AMPHORA_ID = 'a0000000-0000-4000-8000-000000000001';

/** `id` kind digit + number: readable in a golden file, and a UUID. */
export const listenerId = (n: number): string => `20000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const poolId = (n: number): string => `30000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const memberId = (n: number): string => `40000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const policyId = (n: number): string => `60000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const ruleId = (n: number): string => `70000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const monitorId = (n: number): string => `50000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Objects of a case get one second each, in the order they are written down. */
const createdAt = (n: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, n));

function resource(id: string, n: number): Resource {
  return {
    id,
    projectId: 'project',
    name: '',
    adminStateUp: true,
    provisioningStatus: 'ACTIVE',
    operatingStatus: 'ONLINE',
    statusReason: null,
    statusCode: null,
    tags: [],
    createdAt: createdAt(n),
    updatedAt: null,
  };
}

export function makeLoadBalancer({
  vip,
  ...given
}: Partial<Omit<LoadBalancer, 'vip'>> & { vip?: Partial<Vip> } = {}): LoadBalancer {
  const plain = aLoadBalancer({ ...resource(LOAD_BALANCER_ID, 0), ...given });
  return { ...plain, vip: { ...plain.vip, portOwned: true, ...vip } };
}

export function makeListener(n: number, given: Partial<Listener> = {}): Listener {
  return aListener(LOAD_BALANCER_ID, { ...resource(listenerId(n), n), ...given });
}

type PoolInput = Partial<Omit<Pool, 'sessionPersistence'>> & {
  sessionPersistence?: Partial<SessionPersistence> | null;
};

export function makePool(n: number, given: PoolInput = {}): Pool {
  const { sessionPersistence = null, ...rest } = given;
  return aPool(LOAD_BALANCER_ID, {
    ...resource(poolId(n), n),
    ...rest,
    sessionPersistence:
      sessionPersistence === null
        ? null
        : {
            type: 'SOURCE_IP',
            cookieName: null,
            persistenceTimeout: null,
            persistenceGranularity: null,
            ...sessionPersistence,
          },
  });
}

export function makeMember(n: number, given: Partial<Member> = {}): Member {
  return aMember(poolId(1), { ...resource(memberId(n), n), address: `198.18.8.${n}`, protocolPort: 8080, ...given });
}

export function makeHealthMonitor(n: number, given: Partial<HealthMonitor> = {}): HealthMonitor {
  return {
    ...resource(monitorId(n), n),
    poolId: poolId(1),
    type: 'TCP',
    delay: 5,
    timeout: 3,
    maxRetries: 3,
    maxRetriesDown: 3,
    httpMethod: null,
    urlPath: null,
    expectedCodes: null,
    httpVersion: null,
    domainName: null,
    ...given,
  };
}

export function makeL7Policy(n: number, given: Partial<L7Policy> = {}): L7Policy {
  return {
    ...resource(policyId(n), n),
    listenerId: listenerId(1),
    description: '',
    action: 'REJECT',
    redirectUrl: null,
    redirectPrefix: null,
    redirectPoolId: null,
    redirectHttpCode: null,
    position: n,
    ...given,
  };
}

export function makeL7Rule(n: number, given: Partial<L7Rule> = {}): L7Rule {
  return {
    ...resource(ruleId(n), n),
    l7policyId: policyId(1),
    type: 'PATH',
    compareType: 'STARTS_WITH',
    key: null,
    value: '/',
    invert: false,
    ...given,
  };
}

export function makeAmphora(given: Partial<Amphora> = {}): Amphora {
  return anAmphora(LOAD_BALANCER_ID, { id: AMPHORA_ID, lbNetworkIp: '127.0.0.1', createdAt: createdAt(0), ...given });
}

/** The shape of a case file: partial objects, numbered from 1 in the order they are given. */
export interface TreeInput {
  loadBalancer?: Parameters<typeof makeLoadBalancer>[0];
  listeners?: Partial<Listener>[];
  pools?: PoolInput[];
  members?: Partial<Member>[];
  healthMonitors?: Partial<HealthMonitor>[];
  l7policies?: Partial<L7Policy>[];
  l7rules?: Partial<L7Rule>[];
  /** One STANDALONE amphora when not given. */
  amphorae?: Partial<Amphora>[];
}

export function makeTree(input: TreeInput = {}): LoadBalancerTree {
  return {
    loadBalancer: makeLoadBalancer(input.loadBalancer),
    listeners: (input.listeners ?? []).map((given, index) => makeListener(index + 1, given)),
    pools: (input.pools ?? []).map((given, index) => makePool(index + 1, given)),
    members: (input.members ?? []).map((given, index) => makeMember(index + 1, given)),
    healthMonitors: (input.healthMonitors ?? []).map((given, index) => makeHealthMonitor(index + 1, given)),
    l7policies: (input.l7policies ?? []).map((given, index) => makeL7Policy(index + 1, given)),
    l7rules: (input.l7rules ?? []).map((given, index) => makeL7Rule(index + 1, given)),
    amphorae: (input.amphorae ?? [{}]).map(makeAmphora),
  };
}
