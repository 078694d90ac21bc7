/**
 * Objects as drivers know them, made of ours. Statuses, times, tags and the project that children inherit anyway stay out; the id of a
 * flavor and a zone is what they say. Source: provider driver guide; OpenStack Octavia's translation to provider objects.
 */
import * as lib from '@octavia/provider-lib';
import type {
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  LoadBalancerTree,
  MemberSettings,
  Pool,
  SessionPersistence,
} from '../../domain/resources.ts';
import type { TlsMaterial } from './material.ts';

/** Everything below a load balancer; amphorae are the business of one provider alone. */
export type Below = Omit<LoadBalancerTree, 'loadBalancer' | 'amphorae'>;

export interface Chosen {
  flavor: lib.Metadata | null;
  zone: lib.Metadata | null;
}

/** What an update mentions; undefined: nothing of it. */
export type Mentioned<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

type Names<T> = { readonly [Name in keyof T]?: string };

/** The fields under the names that drivers know; what is undefined is left out. */
function renamed<T extends object>(source: Mentioned<T>, names: Names<T>): Record<string, unknown> {
  const entries = Object.entries(names as Record<string, string>)
    .map(([own, theirs]) => [theirs, (source as Record<string, unknown>)[own]] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

const COMMON = { name: 'name', adminStateUp: 'admin_state_up', projectId: 'project_id' } as const;

const LOAD_BALANCER: Names<LoadBalancer> = { ...COMMON, id: 'loadbalancer_id', description: 'description' };

const LISTENER: Names<Listener> = {
  ...COMMON,
  id: 'listener_id',
  loadBalancerId: 'loadbalancer_id',
  description: 'description',
  protocol: 'protocol',
  protocolPort: 'protocol_port',
  connectionLimit: 'connection_limit',
  defaultPoolId: 'default_pool_id',
  insertHeaders: 'insert_headers',
  defaultTlsContainerRef: 'default_tls_container_ref',
  sniContainerRefs: 'sni_container_refs',
  timeoutClientData: 'timeout_client_data',
  timeoutMemberConnect: 'timeout_member_connect',
  timeoutMemberData: 'timeout_member_data',
  timeoutTcpInspect: 'timeout_tcp_inspect',
  clientAuthentication: 'client_authentication',
  clientCaTlsContainerRef: 'client_ca_tls_container_ref',
  clientCrlContainerRef: 'client_crl_container_ref',
  allowedCidrs: 'allowed_cidrs',
  tlsCiphers: 'tls_ciphers',
  tlsVersions: 'tls_versions',
  alpnProtocols: 'alpn_protocols',
  hstsMaxAge: 'hsts_max_age',
  hstsIncludeSubdomains: 'hsts_include_subdomains',
  hstsPreload: 'hsts_preload',
};

const POOL: Names<Pool> = {
  ...COMMON,
  id: 'pool_id',
  loadBalancerId: 'loadbalancer_id',
  description: 'description',
  protocol: 'protocol',
  lbAlgorithm: 'lb_algorithm',
  tlsEnabled: 'tls_enabled',
  tlsContainerRef: 'tls_container_ref',
  caTlsContainerRef: 'ca_tls_container_ref',
  crlContainerRef: 'crl_container_ref',
  tlsCiphers: 'tls_ciphers',
  tlsVersions: 'tls_versions',
  alpnProtocols: 'alpn_protocols',
};

const MEMBER: Names<MemberSettings> = {
  ...COMMON,
  id: 'member_id',
  poolId: 'pool_id',
  address: 'address',
  protocolPort: 'protocol_port',
  subnetId: 'subnet_id',
  weight: 'weight',
  backup: 'backup',
  monitorAddress: 'monitor_address',
  monitorPort: 'monitor_port',
  vnicType: 'vnic_type',
};

const HEALTH_MONITOR: Names<HealthMonitor> = {
  ...COMMON,
  id: 'healthmonitor_id',
  poolId: 'pool_id',
  type: 'type',
  delay: 'delay',
  timeout: 'timeout',
  maxRetries: 'max_retries',
  maxRetriesDown: 'max_retries_down',
  httpMethod: 'http_method',
  urlPath: 'url_path',
  expectedCodes: 'expected_codes',
  domainName: 'domain_name',
};

const L7_POLICY: Names<L7Policy> = {
  ...COMMON,
  id: 'l7policy_id',
  listenerId: 'listener_id',
  description: 'description',
  action: 'action',
  redirectUrl: 'redirect_url',
  redirectPrefix: 'redirect_prefix',
  redirectPoolId: 'redirect_pool_id',
  redirectHttpCode: 'redirect_http_code',
  position: 'position',
};

const L7_RULE: Names<L7Rule> = {
  adminStateUp: 'admin_state_up',
  projectId: 'project_id',
  id: 'l7rule_id',
  l7policyId: 'l7policy_id',
  type: 'type',
  compareType: 'compare_type',
  key: 'key',
  value: 'value',
  invert: 'invert',
};

/** @param whole everything that a new load balancer has; left out where the load balancer alone is meant */
export function loadBalancerOf(
  source: Mentioned<LoadBalancer>,
  chosen: Chosen | null = null,
  whole: { below: Below; material: TlsMaterial } | null = null,
): lib.LoadBalancer {
  const { vip, additionalVips } = source;
  return new lib.LoadBalancer({
    ...renamed(source, LOAD_BALANCER),
    ...(vip
      ? {
          vip_address: vip.address,
          vip_network_id: vip.networkId,
          vip_port_id: vip.portId,
          vip_subnet_id: vip.subnetId,
          vip_qos_policy_id: vip.qosPolicyId,
          vip_sg_ids: vip.securityGroupIds,
        }
      : {}),
    ...(vip && additionalVips
      ? {
          additional_vips: additionalVips.map(({ subnetId, ipAddress }) => ({
            ip_address: ipAddress,
            network_id: vip.networkId,
            port_id: vip.portId,
            subnet_id: subnetId,
          })),
        }
      : {}),
    ...(chosen?.flavor ? { flavor: chosen.flavor } : {}),
    ...(chosen?.zone ? { availability_zone: chosen.zone } : {}),
    ...(whole
      ? listed({
          listeners: whole.below.listeners.map((listener) => storedListenerOf(listener, whole.material, whole.below)),
          pools: whole.below.pools.map((pool) => poolOf(pool, whole.material, whole.below)),
        })
      : {}),
  });
}

/** A user changes two things about a VIP; the rest of it would look mentioned. */
export const loadBalancerChangeOf = (
  id: string,
  { vip, ...mentioned }: Mentioned<LoadBalancer>,
  before: LoadBalancer,
) =>
  new lib.LoadBalancer({
    ...renamed({ ...mentioned, id }, LOAD_BALANCER),
    ...(vip && vip.qosPolicyId !== before.vip.qosPolicyId ? { vip_qos_policy_id: vip.qosPolicyId } : {}),
    ...(vip && String(vip.securityGroupIds) !== String(before.vip.securityGroupIds)
      ? { vip_sg_ids: vip.securityGroupIds }
      : {}),
  });

/** @param below its pool and policies are in it; left out where the listener alone is meant */
export function listenerOf(
  source: Mentioned<Listener>,
  material: TlsMaterial,
  below: Below | null = null,
): lib.Listener {
  const pool = below?.pools.find(({ id }) => id === source.defaultPoolId);
  const policies = below?.l7policies.filter(({ listenerId }) => listenerId === source.id) ?? [];
  const { defaultTlsContainerRef: ref, sniContainerRefs, clientCaTlsContainerRef: ca, clientCrlContainerRef } = source;
  const sni = sniContainerRefs?.flatMap((name) => material.certificates.get(name) ?? []);
  return new lib.Listener({
    ...renamed(source, LISTENER),
    ...(pool && below ? { default_pool: poolOf(pool, material, below) } : {}),
    ...listed({ l7policies: policies.map((policy) => l7policyOf(policy, below)) }),
    ...given('default_tls_container_data', ref && material.certificates.get(ref)),
    ...(sni?.length ? { sni_container_data: sni } : {}),
    ...given('client_ca_tls_container_data', ca && material.texts.get(ca)),
    ...given('client_crl_container_data', clientCrlContainerRef && material.texts.get(clientCrlContainerRef)),
  });
}

/** A listener as a whole. Drivers are used to an empty list where everybody may come, and to none where there is no further certificate. */
export function storedListenerOf(listener: Listener, material: TlsMaterial, below: Below | null = null): lib.Listener {
  const { allowedCidrs, sniContainerRefs, ...rest } = listener;
  const sni = sniContainerRefs.length > 0 ? { sniContainerRefs } : {};
  return listenerOf({ ...rest, ...sni, allowedCidrs: allowedCidrs ?? [] }, material, below);
}

const persistenceOf = ({ type, cookieName, persistenceTimeout, persistenceGranularity }: SessionPersistence) => ({
  type,
  cookie_name: cookieName,
  persistence_timeout: persistenceTimeout,
  persistence_granularity: persistenceGranularity,
});

/** @param below its members and its health monitor are in it; left out where the pool alone is meant */
export function poolOf(source: Mentioned<Pool>, material: TlsMaterial, below: Below | null = null): lib.Pool {
  const { sessionPersistence, tlsContainerRef: ref, caTlsContainerRef: ca, crlContainerRef: crl } = source;
  const monitor = below?.healthMonitors.find(({ poolId }) => poolId === source.id);
  const listener = below?.listeners.find(({ defaultPoolId }) => defaultPoolId === source.id);
  return new lib.Pool({
    ...renamed(source, POOL),
    ...(sessionPersistence === undefined
      ? {}
      : { session_persistence: sessionPersistence && persistenceOf(sessionPersistence) }),
    ...(listener ? { listener_id: listener.id } : {}),
    ...(monitor ? { healthmonitor: healthMonitorOf(monitor) } : {}),
    ...listed({ members: below?.members.filter(({ poolId }) => poolId === source.id).map(memberOf) ?? [] }),
    ...given('tls_container_data', ref && material.certificates.get(ref)),
    ...given('ca_tls_container_data', ca && material.texts.get(ca)),
    ...given('crl_container_data', crl && material.texts.get(crl)),
  });
}

export const memberOf = (source: Mentioned<MemberSettings>): lib.Member => new lib.Member(renamed(source, MEMBER));

export function healthMonitorOf(source: Mentioned<HealthMonitor>): lib.HealthMonitor {
  const { httpVersion } = source;
  return new lib.HealthMonitor({
    ...renamed(source, HEALTH_MONITOR),
    ...(httpVersion === undefined ? {} : { http_version: httpVersion && Number(httpVersion) }),
  });
}

/** @param below its rules are in it; left out where the policy alone is meant */
export function l7policyOf(source: Mentioned<L7Policy>, below: Pick<Below, 'l7rules'> | null = null): lib.L7Policy {
  const rules = below?.l7rules.filter(({ l7policyId }) => l7policyId === source.id).map(l7ruleOf) ?? [];
  return new lib.L7Policy({ ...renamed(source, L7_POLICY), ...listed({ rules }) });
}

export const l7ruleOf = (source: Mentioned<L7Rule>): lib.L7Rule => new lib.L7Rule(renamed(source, L7_RULE));

/** A list that is empty is not set. */
const listed = (lists: Record<string, readonly object[]>): Record<string, readonly object[]> =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));

const given = (name: string, value: unknown): Record<string, unknown> =>
  value === undefined || value === null || value === '' ? {} : { [name]: value };
