/** Shapes on the wire, API v2. Names are the API's own; times are UTC ISO 8601 text without zone. */

export type ProvisioningStatus =
  | 'ACTIVE'
  | 'PENDING_CREATE'
  | 'PENDING_UPDATE'
  | 'PENDING_DELETE'
  | 'DELETED'
  | 'ERROR';
export type OperatingStatus = 'ONLINE' | 'DRAINING' | 'OFFLINE' | 'DEGRADED' | 'ERROR' | 'NO_MONITOR';
export type ListenerProtocol = 'TCP' | 'HTTP' | 'HTTPS' | 'TERMINATED_HTTPS' | 'UDP' | 'SCTP' | 'PROMETHEUS';
export type PoolProtocol = 'TCP' | 'HTTP' | 'HTTPS' | 'PROXY' | 'PROXYV2' | 'UDP' | 'SCTP';
export type LbAlgorithm = 'ROUND_ROBIN' | 'LEAST_CONNECTIONS' | 'SOURCE_IP' | 'SOURCE_IP_PORT';
export type HealthMonitorType = 'HTTP' | 'HTTPS' | 'PING' | 'TCP' | 'TLS-HELLO' | 'UDP-CONNECT' | 'SCTP';

export interface Reference {
  id: string;
}

interface Common {
  id: string;
  name: string;
  project_id: string;
  tenant_id: string;
  admin_state_up: boolean;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  created_at: string;
  updated_at: string | null;
  tags: string[];
}

/** What every kind takes on create and update. */
interface CommonInput {
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
}

export interface LoadBalancer extends Common {
  description: string;
  vip_address: string;
  vip_port_id: string | null;
  vip_subnet_id: string | null;
  vip_network_id: string | null;
  vip_qos_policy_id: string | null;
  additional_vips: { subnet_id: string; ip_address: string }[];
  provider: string;
  flavor_id: string | null;
  availability_zone: string | null;
  listeners: Reference[];
  pools: Reference[];
}

export interface LoadBalancerUpdate extends CommonInput {
  description?: string | null;
  vip_qos_policy_id?: string | null;
}

export interface LoadBalancerCreate extends LoadBalancerUpdate {
  project_id?: string;
  vip_subnet_id?: string;
  vip_network_id?: string;
  vip_port_id?: string;
  vip_address?: string;
  additional_vips?: { subnet_id: string; ip_address?: string }[];
  provider?: string;
  flavor_id?: string;
  availability_zone?: string;
}

export interface Listener extends Common {
  description: string;
  loadbalancers: Reference[];
  protocol: ListenerProtocol;
  protocol_port: number;
  connection_limit: number;
  default_pool_id: string | null;
  l7policies: Reference[];
  insert_headers: Record<string, string>;
  default_tls_container_ref: string | null;
  sni_container_refs: string[];
  timeout_client_data: number;
  timeout_member_connect: number;
  timeout_member_data: number;
  timeout_tcp_inspect: number;
  client_authentication: 'NONE' | 'OPTIONAL' | 'MANDATORY';
  client_ca_tls_container_ref: string | null;
  client_crl_container_ref: string | null;
  allowed_cidrs: string[] | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
}

export interface ListenerUpdate extends CommonInput {
  description?: string | null;
  connection_limit?: number | null;
  default_pool_id?: string | null;
  insert_headers?: Record<string, string> | null;
  default_tls_container_ref?: string | null;
  sni_container_refs?: string[] | null;
  timeout_client_data?: number | null;
  timeout_member_connect?: number | null;
  timeout_member_data?: number | null;
  timeout_tcp_inspect?: number | null;
  client_authentication?: 'NONE' | 'OPTIONAL' | 'MANDATORY' | null;
  client_ca_tls_container_ref?: string | null;
  client_crl_container_ref?: string | null;
  allowed_cidrs?: string[] | null;
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
}

export interface ListenerCreate extends ListenerUpdate {
  loadbalancer_id: string;
  protocol: ListenerProtocol;
  protocol_port: number;
}

export interface SessionPersistence {
  type: 'SOURCE_IP' | 'HTTP_COOKIE' | 'APP_COOKIE';
  cookie_name?: string | null;
  persistence_timeout?: number | null;
  persistence_granularity?: string | null;
}

export interface Pool extends Common {
  description: string;
  protocol: PoolProtocol;
  lb_algorithm: LbAlgorithm;
  session_persistence: SessionPersistence | null;
  listeners: Reference[];
  loadbalancers: Reference[];
  members: Reference[];
  healthmonitor_id?: string | null;
  tls_enabled: boolean;
  tls_container_ref: string | null;
  ca_tls_container_ref: string | null;
  crl_container_ref: string | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
}

export interface PoolUpdate extends CommonInput {
  description?: string | null;
  lb_algorithm?: LbAlgorithm;
  session_persistence?: Partial<SessionPersistence> | null;
  tls_enabled?: boolean | null;
  tls_container_ref?: string | null;
  ca_tls_container_ref?: string | null;
  crl_container_ref?: string | null;
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
}

/** One of the two parents is needed. */
export interface PoolCreate extends PoolUpdate {
  loadbalancer_id?: string;
  listener_id?: string;
  protocol: PoolProtocol;
  lb_algorithm: LbAlgorithm;
}

export interface Member extends Common {
  address: string;
  protocol_port: number;
  subnet_id: string | null;
  weight: number;
  backup: boolean;
  monitor_address: string | null;
  monitor_port: number | null;
}

export interface MemberUpdate extends CommonInput {
  weight?: number | null;
  backup?: boolean | null;
  monitor_address?: string | null;
  monitor_port?: number | null;
}

export interface MemberCreate extends MemberUpdate {
  address: string;
  protocol_port: number;
  subnet_id?: string | null;
}

export interface HealthMonitor extends Common {
  pools: Reference[];
  type: HealthMonitorType;
  delay: number;
  timeout: number;
  max_retries: number;
  max_retries_down: number;
  http_method: string | null;
  url_path: string | null;
  expected_codes: string | null;
  http_version: number | null;
  domain_name: string | null;
}

export interface HealthMonitorUpdate extends CommonInput {
  delay?: number;
  timeout?: number;
  max_retries?: number;
  max_retries_down?: number | null;
  http_method?: string | null;
  url_path?: string | null;
  expected_codes?: string | null;
  http_version?: number | null;
  domain_name?: string | null;
}

export interface HealthMonitorCreate extends HealthMonitorUpdate {
  pool_id: string;
  type: HealthMonitorType;
  delay: number;
  timeout: number;
  max_retries: number;
}

export interface Statistics {
  active_connections: number;
  bytes_in: number;
  bytes_out: number;
  request_errors: number;
  total_connections: number;
}

interface StatusNode {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
}

/** The answer of `GET /loadbalancers/{id}/status` below its two wrappers. */
export interface StatusTree extends StatusNode {
  listeners: (StatusNode & {
    pools: (StatusNode & {
      health_monitor?: StatusNode & { type: HealthMonitorType };
      members: (StatusNode & { address: string; protocol_port: number })[];
    })[];
  })[];
}
