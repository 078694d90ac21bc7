/**
 * What drivers are given. Fields have the names of octavia-lib. In an object to create every field but identifiers may be `Unset`; the
 * new half of an update holds the id and what the user mentioned, null where it is to be cleared.
 * Source: provider driver guide; octavia-lib `octavia_lib.api.drivers.data_models`.
 */
import { type FieldsOf, ProviderModel } from './model.ts';
import { type Settable, Unset } from './unset.ts';

/** Certificate and key in PEM. */
export interface TlsContainer {
  certificate: string;
  intermediates?: string[] | null;
  passphrase?: string | null;
  primary_cn?: string | null;
  private_key: string | null;
  id?: string | null;
}

/** The VIP of `create_vip_port`. */
export interface VipDictionary {
  project_id?: string | null;
  vip_address?: string | null;
  vip_network_id?: string | null;
  vip_port_id?: string | null;
  vip_qos_policy_id?: string | null;
  vip_subnet_id?: string | null;
  vip_sg_ids?: string[] | null;
  /** In the answer: the port is to be deleted with the load balancer. */
  octavia_owned?: boolean;
}

export interface AdditionalVip {
  ip_address?: string | null;
  network_id?: string | null;
  port_id?: string | null;
  subnet_id?: string | null;
}

/** Values of a flavor or an availability zone, by key. */
export type Metadata = Record<string, unknown>;

export class LoadBalancer extends ProviderModel {
  admin_state_up: Settable<boolean> = Unset;
  description: Settable<string> = Unset;
  flavor: Settable<Metadata> = Unset;
  /** Those of a fully populated create. */
  listeners: Settable<Listener[]> = Unset;
  loadbalancer_id: Settable<string> = Unset;
  name: Settable<string> = Unset;
  pools: Settable<Pool[]> = Unset;
  project_id: Settable<string> = Unset;
  vip_address: Settable<string> = Unset;
  vip_network_id: Settable<string> = Unset;
  vip_port_id: Settable<string> = Unset;
  vip_subnet_id: Settable<string> = Unset;
  vip_qos_policy_id: Settable<string> = Unset;
  vip_sg_ids: Settable<string[]> = Unset;
  additional_vips: Settable<AdditionalVip[]> = Unset;
  availability_zone: Settable<Metadata> = Unset;

  constructor(values: Partial<FieldsOf<LoadBalancer>> = {}) {
    super();
    this.assign(values);
  }
}

export class VIP extends ProviderModel {
  vip_address: Settable<string> = Unset;
  vip_network_id: Settable<string> = Unset;
  vip_port_id: Settable<string> = Unset;
  vip_subnet_id: Settable<string> = Unset;
  vip_qos_policy_id: Settable<string> = Unset;
  vip_sg_ids: Settable<string[]> = Unset;

  constructor(values: Partial<FieldsOf<VIP>> = {}) {
    super();
    this.assign(values);
  }
}

export class Listener extends ProviderModel {
  admin_state_up: Settable<boolean> = Unset;
  /** -1: unlimited. */
  connection_limit: Settable<number> = Unset;
  default_pool: Settable<Pool> = Unset;
  default_pool_id: Settable<string> = Unset;
  default_tls_container_data: Settable<TlsContainer> = Unset;
  default_tls_container_ref: Settable<string> = Unset;
  description: Settable<string> = Unset;
  /** Header → value, both strings. */
  insert_headers: Settable<Record<string, string>> = Unset;
  l7policies: Settable<L7Policy[]> = Unset;
  listener_id: Settable<string> = Unset;
  loadbalancer_id: Settable<string> = Unset;
  name: Settable<string> = Unset;
  project_id: Settable<string> = Unset;
  protocol: Settable<string> = Unset;
  protocol_port: Settable<number> = Unset;
  sni_container_data: Settable<TlsContainer[]> = Unset;
  sni_container_refs: Settable<string[]> = Unset;
  /** Milliseconds, as the three below. */
  timeout_client_data: Settable<number> = Unset;
  timeout_member_connect: Settable<number> = Unset;
  timeout_member_data: Settable<number> = Unset;
  timeout_tcp_inspect: Settable<number> = Unset;
  /** PEM. */
  client_ca_tls_container_data: Settable<string> = Unset;
  client_ca_tls_container_ref: Settable<string> = Unset;
  client_authentication: Settable<string> = Unset;
  /** PEM. */
  client_crl_container_data: Settable<string> = Unset;
  client_crl_container_ref: Settable<string> = Unset;
  allowed_cidrs: Settable<string[]> = Unset;
  tls_versions: Settable<string[]> = Unset;
  tls_ciphers: Settable<string> = Unset;
  alpn_protocols: Settable<string[]> = Unset;
  hsts_max_age: Settable<number> = Unset;
  hsts_include_subdomains: Settable<boolean> = Unset;
  hsts_preload: Settable<boolean> = Unset;

  constructor(values: Partial<FieldsOf<Listener>> = {}) {
    super();
    this.assign(values);
  }
}

export interface SessionPersistence {
  type: string;
  cookie_name?: string | null;
  persistence_timeout?: number | null;
  persistence_granularity?: string | null;
}

export class Pool extends ProviderModel {
  admin_state_up: Settable<boolean> = Unset;
  description: Settable<string> = Unset;
  healthmonitor: Settable<HealthMonitor> = Unset;
  lb_algorithm: Settable<string> = Unset;
  loadbalancer_id: Settable<string> = Unset;
  /** Not set where there are none. */
  members: Settable<Member[]> = Unset;
  name: Settable<string> = Unset;
  pool_id: Settable<string> = Unset;
  /** The first listener that uses the pool. */
  listener_id: Settable<string> = Unset;
  project_id: Settable<string> = Unset;
  protocol: Settable<string> = Unset;
  session_persistence: Settable<SessionPersistence> = Unset;
  /** What is shown to members. */
  tls_container_ref: Settable<string> = Unset;
  tls_container_data: Settable<TlsContainer> = Unset;
  /** PEM. */
  ca_tls_container_ref: Settable<string> = Unset;
  ca_tls_container_data: Settable<string> = Unset;
  crl_container_ref: Settable<string> = Unset;
  crl_container_data: Settable<string> = Unset;
  /** Traffic to members is encrypted. */
  tls_enabled: Settable<boolean> = Unset;
  tls_ciphers: Settable<string> = Unset;
  tls_versions: Settable<string[]> = Unset;
  alpn_protocols: Settable<string[]> = Unset;

  constructor(values: Partial<FieldsOf<Pool>> = {}) {
    super();
    this.assign(values);
  }
}

export class Member extends ProviderModel {
  address: Settable<string> = Unset;
  admin_state_up: Settable<boolean> = Unset;
  member_id: Settable<string> = Unset;
  monitor_address: Settable<string> = Unset;
  monitor_port: Settable<number> = Unset;
  name: Settable<string> = Unset;
  pool_id: Settable<string> = Unset;
  project_id: Settable<string> = Unset;
  protocol_port: Settable<number> = Unset;
  subnet_id: Settable<string> = Unset;
  /** 0 to 256; 0: no new connections. */
  weight: Settable<number> = Unset;
  /** Gets traffic only while all others are down. */
  backup: Settable<boolean> = Unset;
  /** `normal`, or `direct` for SR-IOV. */
  vnic_type: Settable<string> = Unset;

  constructor(values: Partial<FieldsOf<Member>> = {}) {
    super();
    this.assign(values);
  }
}

export class HealthMonitor extends ProviderModel {
  admin_state_up: Settable<boolean> = Unset;
  /** Seconds. */
  delay: Settable<number> = Unset;
  expected_codes: Settable<string> = Unset;
  healthmonitor_id: Settable<string> = Unset;
  http_method: Settable<string> = Unset;
  max_retries: Settable<number> = Unset;
  max_retries_down: Settable<number> = Unset;
  name: Settable<string> = Unset;
  pool_id: Settable<string> = Unset;
  project_id: Settable<string> = Unset;
  /** Seconds. */
  timeout: Settable<number> = Unset;
  type: Settable<string> = Unset;
  url_path: Settable<string> = Unset;
  /** 1.0 or 1.1. */
  http_version: Settable<number> = Unset;
  domain_name: Settable<string> = Unset;

  constructor(values: Partial<FieldsOf<HealthMonitor>> = {}) {
    super();
    this.assign(values);
  }
}

export class L7Policy extends ProviderModel {
  action: Settable<string> = Unset;
  admin_state_up: Settable<boolean> = Unset;
  description: Settable<string> = Unset;
  l7policy_id: Settable<string> = Unset;
  listener_id: Settable<string> = Unset;
  name: Settable<string> = Unset;
  /** From 1. */
  position: Settable<number> = Unset;
  project_id: Settable<string> = Unset;
  redirect_pool_id: Settable<string> = Unset;
  redirect_url: Settable<string> = Unset;
  rules: Settable<L7Rule[]> = Unset;
  redirect_prefix: Settable<string> = Unset;
  redirect_http_code: Settable<number> = Unset;

  constructor(values: Partial<FieldsOf<L7Policy>> = {}) {
    super();
    this.assign(values);
  }
}

export class L7Rule extends ProviderModel {
  admin_state_up: Settable<boolean> = Unset;
  compare_type: Settable<string> = Unset;
  invert: Settable<boolean> = Unset;
  key: Settable<string> = Unset;
  l7policy_id: Settable<string> = Unset;
  l7rule_id: Settable<string> = Unset;
  project_id: Settable<string> = Unset;
  type: Settable<string> = Unset;
  value: Settable<string> = Unset;

  constructor(values: Partial<FieldsOf<L7Rule>> = {}) {
    super();
    this.assign(values);
  }
}
