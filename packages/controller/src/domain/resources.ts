/**
 * The one shape of each resource inside the controller. The store maps rows to these, the API maps these to the wire,
 * the data plane renders these. Nothing else converts. Times are `Date` (UTC), addresses are text in canonical form,
 * durations carry their unit in the API's own name (listener timeouts: ms; monitor delay and timeout: s).
 */
import type { ErrorCode } from '../errors.ts';
import type { AmphoraRole, AmphoraStatus, OperatingStatus, ProvisioningStatus, Topology } from './statuses.ts';

export const LISTENER_PROTOCOLS = ['TCP', 'HTTP', 'HTTPS', 'TERMINATED_HTTPS', 'UDP', 'SCTP', 'PROMETHEUS'] as const;
export type ListenerProtocol = (typeof LISTENER_PROTOCOLS)[number];

export const POOL_PROTOCOLS = ['TCP', 'HTTP', 'HTTPS', 'PROXY', 'PROXYV2', 'UDP', 'SCTP'] as const;
export type PoolProtocol = (typeof POOL_PROTOCOLS)[number];

export const LB_ALGORITHMS = ['ROUND_ROBIN', 'LEAST_CONNECTIONS', 'SOURCE_IP', 'SOURCE_IP_PORT'] as const;
export type LbAlgorithm = (typeof LB_ALGORITHMS)[number];

export const SESSION_PERSISTENCE_TYPES = ['SOURCE_IP', 'HTTP_COOKIE', 'APP_COOKIE'] as const;
type SessionPersistenceType = (typeof SESSION_PERSISTENCE_TYPES)[number];

export const HEALTH_MONITOR_TYPES = ['HTTP', 'HTTPS', 'PING', 'TCP', 'TLS-HELLO', 'UDP-CONNECT', 'SCTP'] as const;
export type HealthMonitorType = (typeof HEALTH_MONITOR_TYPES)[number];

export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS', 'CONNECT', 'PATCH'] as const;
type HttpMethod = (typeof HTTP_METHODS)[number];

export const L7_POLICY_ACTIONS = ['REJECT', 'REDIRECT_TO_URL', 'REDIRECT_TO_POOL', 'REDIRECT_PREFIX'] as const;
export type L7PolicyAction = (typeof L7_POLICY_ACTIONS)[number];

export const REDIRECT_HTTP_CODES = [301, 302, 303, 307, 308] as const;
export type RedirectHttpCode = (typeof REDIRECT_HTTP_CODES)[number];

export const L7_RULE_TYPES = [
  'HOST_NAME',
  'PATH',
  'FILE_TYPE',
  'HEADER',
  'COOKIE',
  'SSL_CONN_HAS_CERT',
  'SSL_VERIFY_RESULT',
  'SSL_DN_FIELD',
] as const;
export type L7RuleType = (typeof L7_RULE_TYPES)[number];

export const L7_COMPARE_TYPES = ['REGEX', 'STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'EQUAL_TO'] as const;
export type L7CompareType = (typeof L7_COMPARE_TYPES)[number];

export const CLIENT_AUTHENTICATIONS = ['NONE', 'OPTIONAL', 'MANDATORY'] as const;
type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number];

/** How a port is connected: `direct` = an SR-IOV function. */
export const VNIC_TYPES = ['normal', 'direct'] as const;
export type VnicType = (typeof VNIC_TYPES)[number];

/** What every API object has. */
export interface Resource {
  id: string;
  projectId: string;
  name: string;
  adminStateUp: boolean;
  provisioningStatus: ProvisioningStatus;
  operatingStatus: OperatingStatus;
  /**
   * Why the object is in ERROR, in the tenant's words; null otherwise. Kept while it waits for what may end that.
   */
  statusReason: string | null;
  /** Code of that error, from the catalogue. What is decided is decided by it, never by the words. */
  statusCode: ErrorCode | null;
  tags: string[];
  createdAt: Date;
  updatedAt: Date | null;
}

export interface Vip {
  address: string;
  /** How the tenant wrote it, where it is not how addresses are compared; null and left out are the same. */
  givenAddress?: string | null;
  portId: string | null;
  subnetId: string | null;
  networkId: string | null;
  qosPolicyId: string | null;
  /** True when the service made the port and must delete it with the load balancer. */
  portOwned: boolean;
  vnicType: VnicType;
  /** Security groups of the user's choice on the port; empty: the service decides. */
  securityGroupIds: string[];
}

export interface AdditionalVip {
  subnetId: string;
  ipAddress: string;
  /** As `givenAddress` of the VIP. */
  givenAddress?: string;
}

export interface LoadBalancer extends Resource {
  description: string;
  provider: string;
  topology: Topology;
  flavorId: string | null;
  availabilityZone: string | null;
  vip: Vip;
  additionalVips: AdditionalVip[];
}

export interface Listener extends Resource {
  loadBalancerId: string;
  description: string;
  protocol: ListenerProtocol;
  protocolPort: number;
  /** -1 = unlimited. */
  connectionLimit: number;
  defaultPoolId: string | null;
  insertHeaders: Record<string, string>;
  defaultTlsContainerRef: string | null;
  sniContainerRefs: string[];
  timeoutClientData: number;
  timeoutMemberConnect: number;
  timeoutMemberData: number;
  timeoutTcpInspect: number;
  clientAuthentication: ClientAuthentication;
  clientCaTlsContainerRef: string | null;
  clientCrlContainerRef: string | null;
  /** Normalised networks; null = from anywhere. */
  allowedCidrs: string[] | null;
  /** The same as the tenant wrote them, where that is another spelling; null and left out are the same. */
  givenCidrs?: string[] | null;
  tlsCiphers: string | null;
  tlsVersions: string[] | null;
  alpnProtocols: string[] | null;
  /** Seconds browsers remember to come by HTTPS only; null = HSTS is off. */
  hstsMaxAge: number | null;
  hstsIncludeSubdomains: boolean;
  hstsPreload: boolean;
}

export interface SessionPersistence {
  type: SessionPersistenceType;
  cookieName: string | null;
  persistenceTimeout: number | null;
  persistenceGranularity: string | null;
}

export interface Pool extends Resource {
  loadBalancerId: string;
  description: string;
  protocol: PoolProtocol;
  lbAlgorithm: LbAlgorithm;
  sessionPersistence: SessionPersistence | null;
  tlsEnabled: boolean;
  tlsContainerRef: string | null;
  caTlsContainerRef: string | null;
  crlContainerRef: string | null;
  tlsCiphers: string | null;
  tlsVersions: string[] | null;
  alpnProtocols: string[] | null;
}

export interface Member extends Resource {
  poolId: string;
  address: string;
  /** How the tenant wrote it, where it is not how addresses are compared; null and left out are the same. */
  givenAddress?: string | null;
  protocolPort: number;
  subnetId: string | null;
  /** 0-256; 0 drains. */
  weight: number;
  backup: boolean;
  monitorAddress: string | null;
  /** As `givenAddress`. */
  givenMonitorAddress?: string | null;
  monitorPort: number | null;
  /** Of the port towards the member. */
  vnicType: VnicType;
}

/** A member without what the service finds out about it. */
export type MemberSettings = Omit<
  Member,
  'provisioningStatus' | 'operatingStatus' | 'statusReason' | 'statusCode' | 'createdAt' | 'updatedAt'
>;

export interface HealthMonitor extends Resource {
  poolId: string;
  type: HealthMonitorType;
  /** Seconds between checks. */
  delay: number;
  /** Seconds. */
  timeout: number;
  maxRetries: number;
  maxRetriesDown: number;
  httpMethod: HttpMethod | null;
  urlPath: string | null;
  expectedCodes: string | null;
  httpVersion: '1.0' | '1.1' | null;
  domainName: string | null;
}

/** What happens to requests that all enabled rules match. Targets that do not belong to the action are null. */
export interface L7Policy extends Resource {
  listenerId: string;
  description: string;
  action: L7PolicyAction;
  redirectUrl: string | null;
  redirectPrefix: string | null;
  redirectPoolId: string | null;
  /** null = 302, where a redirect needs one. */
  redirectHttpCode: RedirectHttpCode | null;
  /** From 1, without gaps, per listener. */
  position: number;
}

/** One condition of a policy. Rules have no name on the wire: theirs is always empty. */
export interface L7Rule extends Resource {
  l7policyId: string;
  type: L7RuleType;
  compareType: L7CompareType;
  /** Name of the header, cookie or distinguished-name field; null for the other types. */
  key: string | null;
  value: string;
  invert: boolean;
}

/** One HAProxy node of a load balancer. */
export interface Amphora {
  id: string;
  loadBalancerId: string | null;
  computeId: string | null;
  lbNetworkIp: string | null;
  vrrpIp: string | null;
  haIp: string | null;
  vrrpPortId: string | null;
  haPortId: string | null;
  vrrpInterface: string | null;
  vrrpId: number | null;
  vrrpPriority: number | null;
  role: AmphoraRole | null;
  status: AmphoraStatus;
  certExpiration: Date | null;
  certBusy: boolean;
  cachedZone: string | null;
  imageId: string | null;
  computeFlavor: string | null;
  createdAt: Date;
  updatedAt: Date | null;
}

/** A load balancer with everything below it: what one amphora configuration is rendered from. */
export interface LoadBalancerTree {
  loadBalancer: LoadBalancer;
  listeners: Listener[];
  pools: Pool[];
  members: Member[];
  healthMonitors: HealthMonitor[];
  l7policies: L7Policy[];
  l7rules: L7Rule[];
  amphorae: Amphora[];
}
