/**
 * Shapes on the wire, API v2. Names are the API's own; times are UTC ISO 8601 text without zone.
 * Generated from docs/openapi.json by scripts/generate-docs.ts; a test compares them.
 */

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

export type L7PolicyAction = 'REJECT' | 'REDIRECT_TO_URL' | 'REDIRECT_TO_POOL' | 'REDIRECT_PREFIX';

export type L7RuleType =
  | 'HOST_NAME'
  | 'PATH'
  | 'FILE_TYPE'
  | 'HEADER'
  | 'COOKIE'
  | 'SSL_CONN_HAS_CERT'
  | 'SSL_VERIFY_RESULT'
  | 'SSL_DN_FIELD';

export type L7RuleCompareType = 'REGEX' | 'STARTS_WITH' | 'ENDS_WITH' | 'CONTAINS' | 'EQUAL_TO';

export type ClientAuthentication = 'NONE' | 'OPTIONAL' | 'MANDATORY';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'TRACE' | 'OPTIONS' | 'CONNECT' | 'PATCH';

export type SessionPersistenceType = 'SOURCE_IP' | 'HTTP_COOKIE' | 'APP_COOKIE';

export type AmphoraRole = 'STANDALONE' | 'MASTER' | 'BACKUP';

export type AmphoraStatus =
  | 'ALLOCATED'
  | 'BOOTING'
  | 'READY'
  | 'PENDING_CREATE'
  | 'PENDING_DELETE'
  | 'DELETED'
  | 'ERROR'
  | 'FAILOVER_STOPPED';

export type OperationKind =
  | 'create_load_balancer'
  | 'update_load_balancer'
  | 'delete_load_balancer'
  | 'failover_load_balancer'
  | 'create_listener'
  | 'update_listener'
  | 'delete_listener'
  | 'create_pool'
  | 'update_pool'
  | 'delete_pool'
  | 'create_member'
  | 'update_member'
  | 'delete_member'
  | 'batch_update_members'
  | 'apply_desired_state'
  | 'create_health_monitor'
  | 'update_health_monitor'
  | 'delete_health_monitor'
  | 'create_l7policy'
  | 'update_l7policy'
  | 'delete_l7policy'
  | 'create_l7rule'
  | 'update_l7rule'
  | 'delete_l7rule'
  | 'failover_amphora'
  | 'delete_amphora'
  | 'rotate_amphora_certificate'
  | 'update_amphora_configuration';

export type OperationState = 'queued' | 'running' | 'undoing' | 'succeeded' | 'failed';

export type OperationResourceType =
  | 'load_balancer'
  | 'listener'
  | 'pool'
  | 'member'
  | 'health_monitor'
  | 'l7policy'
  | 'l7rule'
  | 'amphora';

export interface Reference {
  id: string;
}

export interface AdditionalVip {
  subnet_id: string;
  /** IPv4 or IPv6 address. */
  ip_address: string;
  port_id: string | null;
}

export interface AdditionalVipCreate {
  subnet_id: string;
  /** IPv4 or IPv6 address. */
  ip_address?: string | null;
}

export interface SessionPersistence {
  type: SessionPersistenceType;
  cookie_name: string | null;
  persistence_timeout: number | null;
  persistence_granularity: string | null;
}

export interface SessionPersistenceCreate {
  type: SessionPersistenceType;
  /** At most 255 characters. */
  cookie_name?: string | null;
  /** At least 1. */
  persistence_timeout?: number | null;
  persistence_granularity?: string | null;
}

export interface SessionPersistenceUpdate {
  type?: SessionPersistenceType | null;
  /** At most 255 characters. */
  cookie_name?: string | null;
  /** At least 1. */
  persistence_timeout?: number | null;
  persistence_granularity?: string | null;
}

export interface TreeMember {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** IPv4 or IPv6 address. */
  address: string;
  /** 1 to 65535. */
  protocol_port: number;
  subnet_id?: string | null;
  /** Default: 1. 0 to 256. */
  weight?: number | null;
  /** Default: false. */
  backup?: boolean | null;
  /** IPv4 or IPv6 address. */
  monitor_address?: string | null;
  /** 1 to 65535. */
  monitor_port?: number | null;
  /** Reach the member through an SR-IOV port; the flavor has to allow it. Default: false. */
  request_sriov?: boolean | null;
}

export interface TreeHealthMonitor {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  type: HealthMonitorType;
  /** At least 0. */
  delay: number;
  /** At least 0. */
  timeout: number;
  /** 1 to 10. */
  max_retries: number;
  /** Default: 3. 1 to 10. */
  max_retries_down?: number | null;
  http_method?: HttpMethod | null;
  /** At most 255 characters. */
  url_path?: string | null;
  /** At most 255 characters. */
  expected_codes?: string | null;
  http_version?: 1 | 1.1 | null;
  /** At most 255 characters. */
  domain_name?: string | null;
}

export interface TreePool {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  session_persistence?: SessionPersistenceCreate | null;
  /** Default: false. */
  tls_enabled?: boolean | null;
  /** At most 255 characters. */
  tls_container_ref?: string | null;
  /** At most 255 characters. */
  ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  crl_container_ref?: string | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  protocol?: PoolProtocol | null;
  lb_algorithm?: LbAlgorithm | null;
  /** Default: []. */
  members?: TreeMember[] | null;
  healthmonitor?: TreeHealthMonitor | null;
}

export interface TreeL7Rule {
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  type: L7RuleType;
  compare_type: L7RuleCompareType;
  /** At most 255 characters. */
  key?: string | null;
  /** At most 255 characters. */
  value: string;
  /** Default: false. */
  invert?: boolean | null;
}

export interface TreeL7Policy {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  action: L7PolicyAction;
  /** At most 255 characters. */
  redirect_url?: string | null;
  /** At most 255 characters. */
  redirect_prefix?: string | null;
  redirect_pool_id?: string | null;
  redirect_http_code?: 301 | 302 | 303 | 307 | 308 | null;
  /** At least 1. */
  position?: number | null;
  /** Default: []. */
  rules?: TreeL7Rule[] | null;
  redirect_pool?: TreePool | null;
}

export interface TreeListener {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  protocol: ListenerProtocol;
  /** 1 to 65535. */
  protocol_port: number;
  /** Default: -1. At least -1. */
  connection_limit?: number | null;
  default_pool_id?: string | null;
  /** Default: {}. */
  insert_headers?: Record<string, string> | null;
  /** At most 255 characters. */
  default_tls_container_ref?: string | null;
  /** Default: []. */
  sni_container_refs?: string[] | null;
  /** Default: 50000. 0 to 2073600000. */
  timeout_client_data?: number | null;
  /** Default: 5000. 0 to 2073600000. */
  timeout_member_connect?: number | null;
  /** Default: 50000. 0 to 2073600000. */
  timeout_member_data?: number | null;
  /** Default: 0. 0 to 2073600000. */
  timeout_tcp_inspect?: number | null;
  /** Default: "NONE". */
  client_authentication?: ClientAuthentication | null;
  /** At most 255 characters. */
  client_ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  client_crl_container_ref?: string | null;
  allowed_cidrs?: string[] | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  /** At least 0. */
  hsts_max_age?: number | null;
  /** Default: false. */
  hsts_include_subdomains?: boolean | null;
  /** Default: false. */
  hsts_preload?: boolean | null;
  default_pool?: TreePool | null;
  /** Default: []. */
  l7policies?: TreeL7Policy[] | null;
}

export interface LoadBalancer {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  project_id: string;
  tenant_id: string;
  vip_subnet_id: string | null;
  vip_network_id: string | null;
  vip_port_id: string | null;
  /** IPv4 or IPv6 address. */
  vip_address: string;
  vip_qos_policy_id: string | null;
  vip_vnic_type: 'normal' | 'direct';
  /** Security groups of the VIP port, instead of the one the service makes. */
  vip_sg_ids: string[];
  additional_vips: AdditionalVip[];
  provider: string;
  flavor_id: string | null;
  availability_zone: string | null;
  listeners: Reference[];
  pools: Reference[];
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface LoadBalancerCreate {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
  vip_subnet_id?: string | null;
  vip_network_id?: string | null;
  vip_port_id?: string | null;
  /** IPv4 or IPv6 address. */
  vip_address?: string | null;
  vip_qos_policy_id?: string | null;
  /** Security groups of the VIP port, instead of the one the service makes. Default: []. */
  vip_sg_ids?: string[] | null;
  /** Default: []. */
  additional_vips?: AdditionalVipCreate[] | null;
  /** At most 64 characters. */
  provider?: string | null;
  flavor_id?: string | null;
  /** At most 255 characters. */
  availability_zone?: string | null;
  /** Default: []. */
  listeners?: TreeListener[] | null;
  /** Default: []. */
  pools?: TreePool[] | null;
}

export interface LoadBalancerUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** At most 255 characters. */
  description?: string | null;
  vip_qos_policy_id?: string | null;
  /** Security groups of the VIP port, instead of the one the service makes. */
  vip_sg_ids?: string[] | null;
}

export interface Listener {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  protocol: ListenerProtocol;
  protocol_port: number;
  connection_limit: number;
  default_pool_id: string | null;
  insert_headers: Record<string, string>;
  default_tls_container_ref: string | null;
  sni_container_refs: string[];
  timeout_client_data: number;
  timeout_member_connect: number;
  timeout_member_data: number;
  timeout_tcp_inspect: number;
  client_authentication: ClientAuthentication;
  client_ca_tls_container_ref: string | null;
  client_crl_container_ref: string | null;
  allowed_cidrs: string[] | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
  hsts_max_age: number | null;
  hsts_include_subdomains: boolean;
  hsts_preload: boolean;
  l7policies: Reference[];
  loadbalancers: Reference[];
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface ListenerCreate {
  loadbalancer_id: string;
  /** @deprecated Another name of loadbalancer_id. */
  load_balancer_id?: string;
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  protocol: ListenerProtocol;
  /** 1 to 65535. */
  protocol_port: number;
  /** Default: -1. At least -1. */
  connection_limit?: number | null;
  default_pool_id?: string | null;
  /** Default: {}. */
  insert_headers?: Record<string, string> | null;
  /** At most 255 characters. */
  default_tls_container_ref?: string | null;
  /** Default: []. */
  sni_container_refs?: string[] | null;
  /** Default: 50000. 0 to 2073600000. */
  timeout_client_data?: number | null;
  /** Default: 5000. 0 to 2073600000. */
  timeout_member_connect?: number | null;
  /** Default: 50000. 0 to 2073600000. */
  timeout_member_data?: number | null;
  /** Default: 0. 0 to 2073600000. */
  timeout_tcp_inspect?: number | null;
  /** Default: "NONE". */
  client_authentication?: ClientAuthentication | null;
  /** At most 255 characters. */
  client_ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  client_crl_container_ref?: string | null;
  allowed_cidrs?: string[] | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  /** At least 0. */
  hsts_max_age?: number | null;
  /** Default: false. */
  hsts_include_subdomains?: boolean | null;
  /** Default: false. */
  hsts_preload?: boolean | null;
  default_pool?: unknown[] | null;
  /** Default: []. */
  l7policies?: unknown[] | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface ListenerUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** At most 255 characters. */
  description?: string | null;
  /** At least -1. */
  connection_limit?: number | null;
  default_pool_id?: string | null;
  insert_headers?: Record<string, string> | null;
  /** At most 255 characters. */
  default_tls_container_ref?: string | null;
  sni_container_refs?: string[] | null;
  /** 0 to 2073600000. */
  timeout_client_data?: number | null;
  /** 0 to 2073600000. */
  timeout_member_connect?: number | null;
  /** 0 to 2073600000. */
  timeout_member_data?: number | null;
  /** 0 to 2073600000. */
  timeout_tcp_inspect?: number | null;
  client_authentication?: ClientAuthentication | null;
  /** At most 255 characters. */
  client_ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  client_crl_container_ref?: string | null;
  allowed_cidrs?: string[] | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  /** At least 0. */
  hsts_max_age?: number | null;
  hsts_include_subdomains?: boolean | null;
  hsts_preload?: boolean | null;
}

export interface Pool {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  session_persistence: SessionPersistence | null;
  tls_enabled: boolean;
  tls_container_ref: string | null;
  ca_tls_container_ref: string | null;
  crl_container_ref: string | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
  protocol: PoolProtocol;
  lb_algorithm: LbAlgorithm;
  members: Reference[];
  healthmonitor_id?: string;
  loadbalancers: Reference[];
  listeners: Reference[];
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface PoolCreate {
  loadbalancer_id?: string | null;
  /** @deprecated Another name of loadbalancer_id. */
  load_balancer_id?: string | null;
  listener_id?: string | null;
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  session_persistence?: SessionPersistenceCreate | null;
  /** Default: false. */
  tls_enabled?: boolean | null;
  /** At most 255 characters. */
  tls_container_ref?: string | null;
  /** At most 255 characters. */
  ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  crl_container_ref?: string | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  protocol: PoolProtocol;
  lb_algorithm: LbAlgorithm;
  /** Default: []. */
  members?: unknown[] | null;
  healthmonitor?: unknown[] | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface PoolUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** At most 255 characters. */
  description?: string | null;
  session_persistence?: SessionPersistenceUpdate | null;
  tls_enabled?: boolean | null;
  /** At most 255 characters. */
  tls_container_ref?: string | null;
  /** At most 255 characters. */
  ca_tls_container_ref?: string | null;
  /** At most 255 characters. */
  crl_container_ref?: string | null;
  /** At most 2048 characters. */
  tls_ciphers?: string | null;
  tls_versions?: string[] | null;
  alpn_protocols?: string[] | null;
  lb_algorithm?: LbAlgorithm;
}

export interface Member {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  /** IPv4 or IPv6 address. */
  address: string;
  protocol_port: number;
  subnet_id: string | null;
  weight: number;
  backup: boolean;
  /** IPv4 or IPv6 address. */
  monitor_address: string | null;
  monitor_port: number | null;
  vnic_type: 'normal' | 'direct';
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface MemberCreate {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** IPv4 or IPv6 address. */
  address: string;
  /** 1 to 65535. */
  protocol_port: number;
  subnet_id?: string | null;
  /** Default: 1. 0 to 256. */
  weight?: number | null;
  /** Default: false. */
  backup?: boolean | null;
  /** IPv4 or IPv6 address. */
  monitor_address?: string | null;
  /** 1 to 65535. */
  monitor_port?: number | null;
  /** Reach the member through an SR-IOV port; the flavor has to allow it. Default: false. */
  request_sriov?: boolean | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface MemberUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** 0 to 256. */
  weight?: number | null;
  backup?: boolean | null;
  /** IPv4 or IPv6 address. */
  monitor_address?: string | null;
  /** 1 to 65535. */
  monitor_port?: number | null;
}

export interface HealthMonitor {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  type: HealthMonitorType;
  delay: number;
  timeout: number;
  max_retries: number;
  max_retries_down: number;
  http_method: HttpMethod | null;
  url_path: string | null;
  expected_codes: string | null;
  http_version: 1 | 1.1 | null;
  domain_name: string | null;
  pools: Reference[];
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface HealthMonitorCreate {
  pool_id: string;
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  type: HealthMonitorType;
  /** At least 0. */
  delay: number;
  /** At least 0. */
  timeout: number;
  /** 1 to 10. */
  max_retries: number;
  /** Default: 3. 1 to 10. */
  max_retries_down?: number | null;
  http_method?: HttpMethod | null;
  /** At most 255 characters. */
  url_path?: string | null;
  /** At most 255 characters. */
  expected_codes?: string | null;
  http_version?: 1 | 1.1 | null;
  /** At most 255 characters. */
  domain_name?: string | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface HealthMonitorUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** At least 0. */
  delay?: number;
  /** At least 0. */
  timeout?: number;
  /** 1 to 10. */
  max_retries?: number;
  /** 1 to 10. */
  max_retries_down?: number | null;
  http_method?: HttpMethod | null;
  /** At most 255 characters. */
  url_path?: string | null;
  /** At most 255 characters. */
  expected_codes?: string | null;
  http_version?: 1 | 1.1 | null;
  /** At most 255 characters. */
  domain_name?: string | null;
}

export interface L7Policy {
  id: string;
  listener_id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  action: L7PolicyAction;
  redirect_url: string | null;
  redirect_prefix: string | null;
  redirect_pool_id: string | null;
  redirect_http_code: 301 | 302 | 303 | 307 | 308 | null;
  position: number;
  rules: Reference[];
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface L7PolicyCreate {
  listener_id: string;
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  action: L7PolicyAction;
  /** At most 255 characters. */
  redirect_url?: string | null;
  /** At most 255 characters. */
  redirect_prefix?: string | null;
  redirect_pool_id?: string | null;
  redirect_http_code?: 301 | 302 | 303 | 307 | 308 | null;
  /** At least 1. */
  position?: number | null;
  /** Default: []. */
  rules?: TreeL7Rule[] | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface L7PolicyUpdate {
  /** At most 255 characters. */
  name?: string | null;
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  /** At most 255 characters. */
  description?: string | null;
  action?: L7PolicyAction | null;
  /** At most 255 characters. */
  redirect_url?: string | null;
  /** At most 255 characters. */
  redirect_prefix?: string | null;
  redirect_pool_id?: string | null;
  redirect_http_code?: 301 | 302 | 303 | 307 | 308 | null;
  /** At least 1. */
  position?: number | null;
}

export interface L7Rule {
  id: string;
  admin_state_up: boolean;
  tags: string[];
  type: L7RuleType;
  compare_type: L7RuleCompareType;
  key: string | null;
  value: string;
  invert: boolean;
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface L7RuleCreate {
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  type: L7RuleType;
  compare_type: L7RuleCompareType;
  /** At most 255 characters. */
  key?: string | null;
  /** At most 255 characters. */
  value: string;
  /** Default: false. */
  invert?: boolean | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
}

export interface L7RuleUpdate {
  admin_state_up?: boolean | null;
  tags?: string[] | null;
  type?: L7RuleType;
  compare_type?: L7RuleCompareType;
  /** At most 255 characters. */
  key?: string | null;
  /** At most 255 characters. */
  value?: string | null;
  invert?: boolean | null;
}

export interface Flavor {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  flavor_profile_id: string;
}

export interface FlavorCreate {
  /** At most 255 characters. */
  name: string;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  /** Default: true. */
  enabled?: boolean | null;
  flavor_profile_id: string;
}

export interface FlavorUpdate {
  /** At most 255 characters. */
  name?: string;
  /** At most 255 characters. */
  description?: string | null;
  enabled?: boolean;
}

export interface FlavorProfile {
  id: string;
  name: string;
  provider_name: string;
  /** A JSON object as text; its keys are the flavor capabilities of the provider. */
  flavor_data: string;
}

export interface FlavorProfileCreate {
  /** At most 255 characters. */
  name: string;
  /** At most 255 characters. */
  provider_name: string;
  /** A JSON object as text; its keys are the flavor capabilities of the provider. At most 4096 characters. */
  flavor_data: string;
}

export interface FlavorProfileUpdate {
  /** At most 255 characters. */
  name?: string;
  /** At most 255 characters. */
  provider_name?: string;
  /** A JSON object as text; its keys are the flavor capabilities of the provider. At most 4096 characters. */
  flavor_data?: string;
}

export interface AvailabilityZone {
  name: string;
  description: string;
  enabled: boolean;
  availability_zone_profile_id: string;
}

export interface AvailabilityZoneCreate {
  /** At most 255 characters. */
  name: string;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  /** Default: true. */
  enabled?: boolean | null;
  availability_zone_profile_id: string;
}

export interface AvailabilityZoneUpdate {
  /** At most 255 characters. */
  description?: string | null;
  enabled?: boolean;
}

export interface AvailabilityZoneProfile {
  id: string;
  name: string;
  provider_name: string;
  /** A JSON object as text; its keys are the availability zone capabilities of the provider. */
  availability_zone_data: string;
}

export interface AvailabilityZoneProfileCreate {
  /** At most 255 characters. */
  name: string;
  /** At most 255 characters. */
  provider_name: string;
  /** A JSON object as text; its keys are the availability zone capabilities of the provider. At most 4096 characters. */
  availability_zone_data: string;
}

export interface AvailabilityZoneProfileUpdate {
  /** At most 255 characters. */
  name?: string;
  /** At most 255 characters. */
  provider_name?: string;
  /** A JSON object as text; its keys are the availability zone capabilities of the provider. At most 4096 characters. */
  availability_zone_data?: string;
}

export interface LoadBalancerCreated {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  project_id: string;
  tenant_id: string;
  vip_subnet_id: string | null;
  vip_network_id: string | null;
  vip_port_id: string | null;
  /** IPv4 or IPv6 address. */
  vip_address: string;
  vip_qos_policy_id: string | null;
  vip_vnic_type: 'normal' | 'direct';
  /** Security groups of the VIP port, instead of the one the service makes. */
  vip_sg_ids: string[];
  additional_vips: AdditionalVip[];
  provider: string;
  flavor_id: string | null;
  availability_zone: string | null;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
  listeners: ListenerCreated[];
  pools: PoolCreated[];
}

export interface ListenerCreated {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  protocol: ListenerProtocol;
  protocol_port: number;
  connection_limit: number;
  default_pool_id: string | null;
  insert_headers: Record<string, string>;
  default_tls_container_ref: string | null;
  sni_container_refs: string[];
  timeout_client_data: number;
  timeout_member_connect: number;
  timeout_member_data: number;
  timeout_tcp_inspect: number;
  client_authentication: ClientAuthentication;
  client_ca_tls_container_ref: string | null;
  client_crl_container_ref: string | null;
  allowed_cidrs: string[] | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
  hsts_max_age: number | null;
  hsts_include_subdomains: boolean;
  hsts_preload: boolean;
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
  l7policies: L7PolicyCreated[];
}

export interface L7PolicyCreated {
  id: string;
  listener_id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  action: L7PolicyAction;
  redirect_url: string | null;
  redirect_prefix: string | null;
  redirect_pool_id: string | null;
  redirect_http_code: 301 | 302 | 303 | 307 | 308 | null;
  position: number;
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
  rules: L7Rule[];
}

export interface PoolCreated {
  id: string;
  name: string;
  admin_state_up: boolean;
  tags: string[];
  description: string;
  session_persistence: SessionPersistence | null;
  tls_enabled: boolean;
  tls_container_ref: string | null;
  ca_tls_container_ref: string | null;
  crl_container_ref: string | null;
  tls_ciphers: string | null;
  tls_versions: string[] | null;
  alpn_protocols: string[] | null;
  protocol: PoolProtocol;
  lb_algorithm: LbAlgorithm;
  healthmonitor_id?: string;
  listeners: Reference[];
  project_id: string;
  tenant_id: string;
  provisioning_status: ProvisioningStatus;
  operating_status: OperatingStatus;
  /** Why the object is in ERROR; null otherwise. */
  status_reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
  members: Member[];
  healthmonitor: unknown | null;
}

export interface Link {
  rel: string;
  href: string;
}

export interface Version {
  id: string;
  status: 'CURRENT' | 'SUPPORTED' | 'DEPRECATED';
  updated: string;
  links: Link[];
}

export interface Statistics {
  active_connections: number;
  bytes_in: number;
  bytes_out: number;
  request_errors: number;
  total_connections: number;
}

export interface LoadBalancerStatus {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
  listeners: ListenerStatus[];
}

export interface ListenerStatus {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
  pools: PoolStatus[];
}

export interface PoolStatus {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
  members: MemberStatus[];
  health_monitor?: HealthMonitorStatus;
}

export interface MemberStatus {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
  address: string;
  protocol_port: number;
}

export interface HealthMonitorStatus {
  id: string;
  name: string;
  operating_status: OperatingStatus;
  provisioning_status: ProvisioningStatus;
  type: HealthMonitorType;
}

export interface Quota {
  /** -1: unlimited; null: the default of the deployment. */
  loadbalancer: number;
  /** -1: unlimited; null: the default of the deployment. */
  load_balancer: number;
  /** -1: unlimited; null: the default of the deployment. */
  listener: number;
  /** -1: unlimited; null: the default of the deployment. */
  pool: number;
  /** -1: unlimited; null: the default of the deployment. */
  healthmonitor: number;
  /** -1: unlimited; null: the default of the deployment. */
  health_monitor: number;
  /** -1: unlimited; null: the default of the deployment. */
  member: number;
  /** -1: unlimited; null: the default of the deployment. */
  l7policy: number;
  /** -1: unlimited; null: the default of the deployment. */
  l7rule: number;
}

export interface QuotaUpdate {
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  loadbalancer?: number | null;
  /** @deprecated Another name of loadbalancer. -1 to 2000000000. */
  load_balancer?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  listener?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  pool?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  healthmonitor?: number | null;
  /** @deprecated Another name of healthmonitor. -1 to 2000000000. */
  health_monitor?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  member?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  l7policy?: number | null;
  /** -1: unlimited; null: the default of the deployment. -1 to 2000000000. */
  l7rule?: number | null;
}

export interface ListedQuota {
  /** -1: unlimited; null: the default of the deployment. */
  loadbalancer: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  load_balancer: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  listener: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  pool: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  healthmonitor: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  health_monitor: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  member: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  l7policy: number | null;
  /** -1: unlimited; null: the default of the deployment. */
  l7rule: number | null;
  project_id: string;
  tenant_id: string;
}

export interface Amphora {
  id: string;
  loadbalancer_id: string | null;
  compute_id: string | null;
  /** IPv4 or IPv6 address. */
  lb_network_ip: string | null;
  /** IPv4 or IPv6 address. */
  vrrp_ip: string | null;
  /** IPv4 or IPv6 address. */
  ha_ip: string | null;
  vrrp_port_id: string | null;
  ha_port_id: string | null;
  /** UTC, without a zone designator. */
  cert_expiration: string | null;
  cert_busy: boolean;
  role: AmphoraRole | null;
  status: AmphoraStatus;
  vrrp_interface: string | null;
  vrrp_id: number | null;
  vrrp_priority: number | null;
  cached_zone: string | null;
  image_id: string | null;
  compute_flavor: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  updated_at: string | null;
}

export interface AmphoraStatistics {
  id: string;
  listener_id: string;
  loadbalancer_id: string;
  active_connections: number;
  bytes_in: number;
  bytes_out: number;
  request_errors: number;
  total_connections: number;
}

export interface Capability {
  name: string;
  description: string;
}

export interface OwnOperation {
  id: string;
  kind: OperationKind;
  resource_type: OperationResourceType;
  resource_id: string;
  state: OperationState;
  current_step: string | null;
  attempts: number;
  reason: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  started_at: string | null;
  /** UTC, without a zone designator. */
  ended_at: string | null;
  steps: OperationStep[];
}

export interface ListedOperation {
  id: string;
  loadbalancer_id: string;
  project_id: string;
  kind: OperationKind;
  resource_type: OperationResourceType;
  resource_id: string;
  state: OperationState;
  current_step: string | null;
  attempts: number;
  reason: string | null;
  cause: string | null;
  retry_of: string | null;
  retry_number: number;
  flow_version: number;
  worker_id: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  started_at: string | null;
  /** UTC, without a zone designator. */
  ended_at: string | null;
}

export interface Operation {
  id: string;
  loadbalancer_id: string;
  project_id: string;
  kind: OperationKind;
  resource_type: OperationResourceType;
  resource_id: string;
  state: OperationState;
  current_step: string | null;
  attempts: number;
  reason: string | null;
  cause: string | null;
  retry_of: string | null;
  retry_number: number;
  flow_version: number;
  worker_id: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
  /** UTC, without a zone designator. */
  started_at: string | null;
  /** UTC, without a zone designator. */
  ended_at: string | null;
  steps: OperationStep[];
  actions: OperationAction[];
}

export interface OperationStep {
  number: number;
  name: string;
  phase: 'do' | 'undo';
  state: 'running' | 'done' | 'failed';
  attempts: number;
  detail: string | null;
  /** UTC, without a zone designator. */
  started_at: string;
  /** UTC, without a zone designator. */
  ended_at: string | null;
}

export interface OperationAction {
  verb: 'resume' | 'abandon' | 'reset';
  detail: string;
  user_id: string | null;
  project_id: string | null;
  request_id: string | null;
  /** UTC, without a zone designator. */
  created_at: string;
}

export interface OperationVerb {
  /** At most 255 characters. */
  reason?: string | null;
  /** For reset. */
  status?: 'ACTIVE' | 'ERROR';
}

export interface Event {
  kind: 'created' | 'changed' | 'deleted' | 'status' | 'operation' | 'health';
  /** UTC, without a zone designator. */
  at: string;
  resource_type: OperationResourceType;
  resource_id: string;
  loadbalancer_id: string;
  project_id: string;
  name: string | null;
  provisioning_status: ProvisioningStatus | null;
  operating_status: OperatingStatus | null;
  reason: string | null;
  /** Of the kind operation: how far it is. */
  operation: {
    id: string;
    kind: string;
    state: string;
    step: string | null;
  } | null;
}

export interface HealthTransition {
  member_id: string;
  /** UTC, without a zone designator. */
  at: string;
  operating_status: OperatingStatus;
  reason: string | null;
}

export interface ListenerHistory {
  listener_id: string;
  /** UTC, without a zone designator. */
  begins_at: string;
  bytes_in: number[];
  bytes_out: number[];
  total_connections: number[];
  request_errors: number[];
  active_connections: number[];
}

export interface AskedL7Rule {
  rule_id: string;
  /** null: only the load balancer itself can tell. */
  matches: boolean | null;
}

export interface AskedPolicy {
  policy_id: string;
  action: L7PolicyAction;
  /** null: only the load balancer itself can tell. */
  matches: boolean | null;
  rules: AskedL7Rule[];
}

export interface Route {
  outcome: 'pool' | 'redirect' | 'refused' | 'undecided';
  listener_id: string;
  policy_id: string | null;
  pool_id: string | null;
  status: number | null;
  location: string | null;
  reason: string | null;
  asked: AskedPolicy[];
}

export interface DesiredState {
  /** Default: empty. At most 255 characters. */
  name?: string | null;
  /** Default: true. */
  admin_state_up?: boolean | null;
  /** Default: []. */
  tags?: string[] | null;
  /** Default: empty. At most 255 characters. */
  description?: string | null;
  /** At most 36 characters. */
  project_id?: string | null;
  /** @deprecated Another name of project_id. At most 36 characters. */
  tenant_id?: string | null;
  vip_subnet_id?: string | null;
  vip_network_id?: string | null;
  vip_port_id?: string | null;
  /** IPv4 or IPv6 address. */
  vip_address?: string | null;
  vip_qos_policy_id?: string | null;
  /** Security groups of the VIP port, instead of the one the service makes. Default: []. */
  vip_sg_ids?: string[] | null;
  /** Default: []. */
  additional_vips?: AdditionalVipCreate[] | null;
  /** At most 64 characters. */
  provider?: string | null;
  flavor_id?: string | null;
  /** At most 255 characters. */
  availability_zone?: string | null;
  /** Default: []. */
  listeners?: {
    /** Of an object that is there: needed only where its name is empty, or also that of another. */
    id?: string | null;
    /** Default: empty. At most 255 characters. */
    name?: string | null;
    /** Default: true. */
    admin_state_up?: boolean | null;
    /** Default: []. */
    tags?: string[] | null;
    /** Default: empty. At most 255 characters. */
    description?: string | null;
    protocol: ListenerProtocol;
    /** 1 to 65535. */
    protocol_port: number;
    /** Default: -1. At least -1. */
    connection_limit?: number | null;
    default_pool_id?: string | null;
    /** Default: {}. */
    insert_headers?: Record<string, string> | null;
    /** At most 255 characters. */
    default_tls_container_ref?: string | null;
    /** Default: []. */
    sni_container_refs?: string[] | null;
    /** Default: 50000. 0 to 2073600000. */
    timeout_client_data?: number | null;
    /** Default: 5000. 0 to 2073600000. */
    timeout_member_connect?: number | null;
    /** Default: 50000. 0 to 2073600000. */
    timeout_member_data?: number | null;
    /** Default: 0. 0 to 2073600000. */
    timeout_tcp_inspect?: number | null;
    /** Default: "NONE". */
    client_authentication?: ClientAuthentication | null;
    /** At most 255 characters. */
    client_ca_tls_container_ref?: string | null;
    /** At most 255 characters. */
    client_crl_container_ref?: string | null;
    allowed_cidrs?: string[] | null;
    /** At most 2048 characters. */
    tls_ciphers?: string | null;
    tls_versions?: string[] | null;
    alpn_protocols?: string[] | null;
    /** At least 0. */
    hsts_max_age?: number | null;
    /** Default: false. */
    hsts_include_subdomains?: boolean | null;
    /** Default: false. */
    hsts_preload?: boolean | null;
    default_pool?: {
      /** Of an object that is there: needed only where its name is empty, or also that of another. */
      id?: string | null;
      /** Default: empty. At most 255 characters. */
      name?: string | null;
      /** Default: true. */
      admin_state_up?: boolean | null;
      /** Default: []. */
      tags?: string[] | null;
      /** Default: empty. At most 255 characters. */
      description?: string | null;
      session_persistence?: SessionPersistenceCreate | null;
      /** Default: false. */
      tls_enabled?: boolean | null;
      /** At most 255 characters. */
      tls_container_ref?: string | null;
      /** At most 255 characters. */
      ca_tls_container_ref?: string | null;
      /** At most 255 characters. */
      crl_container_ref?: string | null;
      /** At most 2048 characters. */
      tls_ciphers?: string | null;
      tls_versions?: string[] | null;
      alpn_protocols?: string[] | null;
      protocol?: PoolProtocol | null;
      lb_algorithm?: LbAlgorithm | null;
      /** Default: []. */
      members?: TreeMember[] | null;
      healthmonitor?: TreeHealthMonitor | null;
    } | null;
    /** Default: []. */
    l7policies?: {
      /** Of an object that is there: needed only where its name is empty, or also that of another. */
      id?: string | null;
      /** Default: empty. At most 255 characters. */
      name?: string | null;
      /** Default: true. */
      admin_state_up?: boolean | null;
      /** Default: []. */
      tags?: string[] | null;
      /** Default: empty. At most 255 characters. */
      description?: string | null;
      action: L7PolicyAction;
      /** At most 255 characters. */
      redirect_url?: string | null;
      /** At most 255 characters. */
      redirect_prefix?: string | null;
      redirect_pool_id?: string | null;
      redirect_http_code?: 301 | 302 | 303 | 307 | 308 | null;
      /** At least 1. */
      position?: number | null;
      /** Default: []. */
      rules?: TreeL7Rule[] | null;
      redirect_pool?: {
        /** Of an object that is there: needed only where its name is empty, or also that of another. */
        id?: string | null;
        /** Default: empty. At most 255 characters. */
        name?: string | null;
        /** Default: true. */
        admin_state_up?: boolean | null;
        /** Default: []. */
        tags?: string[] | null;
        /** Default: empty. At most 255 characters. */
        description?: string | null;
        session_persistence?: SessionPersistenceCreate | null;
        /** Default: false. */
        tls_enabled?: boolean | null;
        /** At most 255 characters. */
        tls_container_ref?: string | null;
        /** At most 255 characters. */
        ca_tls_container_ref?: string | null;
        /** At most 255 characters. */
        crl_container_ref?: string | null;
        /** At most 2048 characters. */
        tls_ciphers?: string | null;
        tls_versions?: string[] | null;
        alpn_protocols?: string[] | null;
        protocol?: PoolProtocol | null;
        lb_algorithm?: LbAlgorithm | null;
        /** Default: []. */
        members?: TreeMember[] | null;
        healthmonitor?: TreeHealthMonitor | null;
      } | null;
    }[] | null;
  }[] | null;
  /** Default: []. */
  pools?: {
    /** Of an object that is there: needed only where its name is empty, or also that of another. */
    id?: string | null;
    /** Default: empty. At most 255 characters. */
    name?: string | null;
    /** Default: true. */
    admin_state_up?: boolean | null;
    /** Default: []. */
    tags?: string[] | null;
    /** Default: empty. At most 255 characters. */
    description?: string | null;
    session_persistence?: SessionPersistenceCreate | null;
    /** Default: false. */
    tls_enabled?: boolean | null;
    /** At most 255 characters. */
    tls_container_ref?: string | null;
    /** At most 255 characters. */
    ca_tls_container_ref?: string | null;
    /** At most 255 characters. */
    crl_container_ref?: string | null;
    /** At most 2048 characters. */
    tls_ciphers?: string | null;
    tls_versions?: string[] | null;
    alpn_protocols?: string[] | null;
    protocol?: PoolProtocol | null;
    lb_algorithm?: LbAlgorithm | null;
    /** Default: []. */
    members?: TreeMember[] | null;
    healthmonitor?: TreeHealthMonitor | null;
  }[] | null;
}

export interface DesiredStatePlan {
  /** Null: a dry run of one that is not there. */
  loadbalancer_id: string | null;
  dry_run: boolean;
  changes: DesiredStateChange[];
}

export interface DesiredStateChange {
  action: 'create' | 'update' | 'delete';
  kind: 'load_balancer' | 'listener' | 'pool' | 'member' | 'health_monitor' | 'l7policy' | 'l7rule';
  /** Null: a dry run of one that is not there. */
  id: string | null;
  /** Of a member its address and port; of an L7 rule what it compares. */
  name: string;
  /** Where it stands in the document, for example loadbalancer.pools[0]. */
  path: string | null;
  fields: DesiredStateField[];
  /** For the traffic: none; reload: the proxy reads its configuration anew, connections go on; rebuild: what serves it is made anew. */
  effect: 'none' | 'reload' | 'rebuild';
}

export interface DesiredStateField {
  name: string;
  old: unknown;
  new: unknown;
}

/** What the resource itself refused. */
export interface Fault {
  faultcode: 'Client' | 'Server';
  faultstring: string;
  debuginfo: string | null;
}

/** What was refused before the resource was asked: no token, no such URI, a query that cannot be read. */
export interface RouteFault {
  code: number;
  title: string;
  description: string;
}

export interface NotAcceptable {
  errors: {
    status: number;
    title: string;
    detail: string;
    request_id: string;
  }[];
}

export type LoadBalancerFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'description'
  | 'project_id'
  | 'tenant_id'
  | 'vip_subnet_id'
  | 'vip_network_id'
  | 'vip_port_id'
  | 'vip_address'
  | 'vip_qos_policy_id'
  | 'vip_vnic_type'
  | 'provider'
  | 'flavor_id'
  | 'availability_zone'
  | 'topology'
  | 'server_group_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type ListenerFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'loadbalancer_id'
  | 'load_balancer_id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'description'
  | 'protocol'
  | 'protocol_port'
  | 'connection_limit'
  | 'default_pool_id'
  | 'default_tls_container_ref'
  | 'tls_certificate_id'
  | 'timeout_client_data'
  | 'timeout_member_connect'
  | 'timeout_member_data'
  | 'timeout_tcp_inspect'
  | 'client_authentication'
  | 'client_ca_tls_container_ref'
  | 'client_ca_tls_certificate_id'
  | 'client_crl_container_ref'
  | 'client_crl_container_id'
  | 'tls_ciphers'
  | 'hsts_max_age'
  | 'hsts_include_subdomains'
  | 'hsts_preload'
  | 'peer_port'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type PoolFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'loadbalancer_id'
  | 'load_balancer_id'
  | 'listener_id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'description'
  | 'tls_enabled'
  | 'tls_container_ref'
  | 'tls_certificate_id'
  | 'ca_tls_container_ref'
  | 'ca_tls_certificate_id'
  | 'crl_container_ref'
  | 'crl_container_id'
  | 'tls_ciphers'
  | 'protocol'
  | 'lb_algorithm'
  | 'healthmonitor_id'
  | 'health_monitor_id'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type MemberFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'address'
  | 'ip_address'
  | 'protocol_port'
  | 'subnet_id'
  | 'weight'
  | 'backup'
  | 'monitor_address'
  | 'monitor_port'
  | 'request_sriov'
  | 'vnic_type'
  | 'pool_id'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type HealthMonitorFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'pool_id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'type'
  | 'delay'
  | 'timeout'
  | 'max_retries'
  | 'rise_threshold'
  | 'max_retries_down'
  | 'fall_threshold'
  | 'http_method'
  | 'url_path'
  | 'expected_codes'
  | 'http_version'
  | 'domain_name'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type L7PolicyFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'listener_id'
  | 'name'
  | 'admin_state_up'
  | 'enabled'
  | 'description'
  | 'action'
  | 'redirect_url'
  | 'redirect_prefix'
  | 'redirect_pool_id'
  | 'redirect_http_code'
  | 'position'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type L7RuleFilter =
  | 'tags'
  | 'tags-any'
  | 'not-tags'
  | 'not-tags-any'
  | 'id'
  | 'admin_state_up'
  | 'enabled'
  | 'type'
  | 'compare_type'
  | 'key'
  | 'value'
  | 'rule_value'
  | 'invert'
  | 'l7policy_id'
  | 'project_id'
  | 'tenant_id'
  | 'provisioning_status'
  | 'operating_status'
  | 'status_reason'
  | 'created_at'
  | 'updated_at';

export type QuotaFilter =
  | 'loadbalancer'
  | 'load_balancer'
  | 'listener'
  | 'pool'
  | 'healthmonitor'
  | 'health_monitor'
  | 'member'
  | 'l7policy'
  | 'l7rule'
  | 'in_use_load_balancer'
  | 'in_use_listener'
  | 'in_use_pool'
  | 'in_use_health_monitor'
  | 'in_use_member'
  | 'in_use_l7policy'
  | 'in_use_l7rule'
  | 'project_id'
  | 'tenant_id';

export type ProviderFilter = never;

export type FlavorFilter = 'id' | 'name' | 'description' | 'enabled' | 'flavor_profile_id';

export type FlavorProfileFilter = 'id' | 'name' | 'provider_name' | 'flavor_data';

export type AvailabilityZoneFilter = 'name' | 'description' | 'enabled' | 'availability_zone_profile_id';

export type AvailabilityZoneProfileFilter = 'id' | 'name' | 'provider_name' | 'availability_zone_data';

export type AmphoraFilter =
  | 'id'
  | 'loadbalancer_id'
  | 'load_balancer_id'
  | 'compute_id'
  | 'lb_network_ip'
  | 'vrrp_ip'
  | 'ha_ip'
  | 'vrrp_port_id'
  | 'ha_port_id'
  | 'cert_expiration'
  | 'cert_busy'
  | 'role'
  | 'status'
  | 'vrrp_interface'
  | 'vrrp_id'
  | 'vrrp_priority'
  | 'cached_zone'
  | 'image_id'
  | 'compute_flavor'
  | 'created_at'
  | 'updated_at'
  | 'project_id'
  | 'tenant_id';

export type OperationFilter =
  | 'id'
  | 'loadbalancer_id'
  | 'load_balancer_id'
  | 'project_id'
  | 'tenant_id'
  | 'kind'
  | 'resource_type'
  | 'resource_id'
  | 'state'
  | 'current_step'
  | 'attempts'
  | 'reason'
  | 'cause'
  | 'retry_of'
  | 'retry_number'
  | 'flow_version'
  | 'worker_id'
  | 'created_at'
  | 'started_at'
  | 'ended_at';
