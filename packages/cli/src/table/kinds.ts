/** The kinds of objects: where they are in the API, and which of their fields are shown in which order. */
import type { Kind } from '../command.ts';

type Own = Pick<Kind, 'path' | 'one' | 'many' | 'columns' | 'rows'> & Partial<Kind>;

const kind = (own: Own): Kind => ({ finder: null, key: 'id', parent: null, ...own });
const words = (text: string): string[] => text.trim().split(/\s+/);

export const STATISTICS = words('active_connections bytes_in bytes_out request_errors total_connections');

export const LOAD_BALANCER = kind({
  path: 'lbaas/loadbalancers',
  one: 'loadbalancer',
  many: 'loadbalancers',
  finder: 'loadbalancers',
  columns: words('id name project_id vip_address provisioning_status operating_status provider'),
  rows: words(
    `admin_state_up availability_zone created_at description flavor_id id listeners name operating_status pools
     project_id provider provisioning_status updated_at vip_address vip_network_id vip_port_id vip_qos_policy_id
     vip_subnet_id tags additional_vips`,
  ),
});

export const LISTENER = kind({
  path: 'lbaas/listeners',
  one: 'listener',
  many: 'listeners',
  finder: 'listeners',
  columns: words('id default_pool_id name project_id protocol protocol_port admin_state_up'),
  rows: words(
    `admin_state_up connection_limit created_at default_pool_id default_tls_container_ref description id insert_headers
     l7policies loadbalancers name operating_status project_id protocol protocol_port provisioning_status
     sni_container_refs timeout_client_data timeout_member_connect timeout_member_data timeout_tcp_inspect updated_at
     client_ca_tls_container_ref client_authentication client_crl_container_ref allowed_cidrs tls_ciphers tls_versions
     alpn_protocols tags`,
  ),
});

export const POOL = kind({
  path: 'lbaas/pools',
  one: 'pool',
  many: 'pools',
  finder: 'pools',
  columns: words('id name project_id provisioning_status protocol lb_algorithm admin_state_up'),
  rows: words(
    `admin_state_up created_at description healthmonitor_id id lb_algorithm listeners loadbalancers members name
     operating_status project_id protocol provisioning_status session_persistence updated_at tls_container_ref
     ca_tls_container_ref crl_container_ref tls_enabled tls_ciphers tls_versions tags alpn_protocols`,
  ),
});

export const MEMBER = kind({
  path: 'lbaas/pools/{parent}/members',
  one: 'member',
  many: 'members',
  finder: 'members',
  parent: 'pools',
  columns: words('id name project_id provisioning_status address protocol_port operating_status weight'),
  rows: words(
    `address admin_state_up created_at id name operating_status project_id protocol_port provisioning_status subnet_id
     updated_at weight monitor_port monitor_address backup tags`,
  ),
});

export const HEALTH_MONITOR = kind({
  path: 'lbaas/healthmonitors',
  one: 'healthmonitor',
  many: 'healthmonitors',
  finder: 'healthmonitors',
  columns: words('id name project_id type admin_state_up'),
  rows: words(
    `project_id name admin_state_up pools created_at provisioning_status updated_at delay expected_codes max_retries
     http_method timeout max_retries_down url_path type id operating_status http_version domain_name tags`,
  ),
});

export const L7_POLICY = kind({
  path: 'lbaas/l7policies',
  one: 'l7policy',
  many: 'l7policies',
  finder: 'l7policies',
  columns: words('id name project_id provisioning_status action position admin_state_up'),
  rows: words(
    `listener_id description admin_state_up rules project_id created_at provisioning_status updated_at redirect_pool_id
     redirect_url redirect_prefix action position id operating_status name redirect_http_code tags`,
  ),
});

export const L7_RULE = kind({
  path: 'lbaas/l7policies/{parent}/rules',
  one: 'rule',
  many: 'rules',
  finder: 'l7rules',
  parent: 'l7policies',
  columns: words('id project_id provisioning_status compare_type type key value invert admin_state_up'),
  rows: words(
    `created_at compare_type provisioning_status invert admin_state_up updated_at value key project_id type id
     operating_status tags`,
  ),
});

export const QUOTA = kind({
  path: 'lbaas/quotas',
  one: 'quota',
  many: 'quotas',
  columns: words('project_id load_balancer listener pool health_monitor member l7policy l7rule'),
  rows: words('load_balancer listener pool health_monitor member l7policy l7rule'),
});

export const AMPHORA = kind({
  path: 'octavia/amphorae',
  one: 'amphora',
  many: 'amphorae',
  finder: 'amphorae',
  columns: words('id loadbalancer_id status role lb_network_ip ha_ip'),
  longColumns: words('id loadbalancer_id status role lb_network_ip ha_ip compute_id cached_zone image_id'),
  rows: words(
    `id loadbalancer_id compute_id lb_network_ip vrrp_ip ha_ip vrrp_port_id ha_port_id cert_expiration cert_busy role
     status vrrp_interface vrrp_id vrrp_priority cached_zone created_at updated_at image_id compute_flavor`,
  ),
});

export const PROVIDER = kind({
  path: 'lbaas/providers',
  one: 'provider',
  many: 'providers',
  columns: words('name description'),
  rows: [],
});

export const PROVIDER_CAPABILITY = kind({
  path: 'lbaas/providers',
  one: 'capability',
  many: 'capabilities',
  columns: words('type name description'),
  rows: [],
});

export const FLAVOR = kind({
  path: 'lbaas/flavors',
  one: 'flavor',
  many: 'flavors',
  finder: 'flavors',
  columns: words('id name flavor_profile_id enabled'),
  rows: words('id name flavor_profile_id enabled description'),
});

export const FLAVOR_PROFILE = kind({
  path: 'lbaas/flavorprofiles',
  one: 'flavorprofile',
  many: 'flavorprofiles',
  links: 'flavorprofile_links',
  finder: 'flavorprofiles',
  columns: words('id name provider_name'),
  rows: words('id name provider_name flavor_data'),
});

export const AVAILABILITY_ZONE = kind({
  path: 'lbaas/availabilityzones',
  one: 'availability_zone',
  many: 'availability_zones',
  finder: 'availability_zones',
  key: 'name',
  columns: words('name availability_zone_profile_id enabled'),
  rows: words('name availability_zone_profile_id enabled description'),
});

export const AVAILABILITY_ZONE_PROFILE = kind({
  path: 'lbaas/availabilityzoneprofiles',
  one: 'availability_zone_profile',
  many: 'availability_zone_profiles',
  links: 'availability_zone_profile_links',
  finder: 'availability_zone_profiles',
  columns: words('id name provider_name'),
  rows: words('id name provider_name availability_zone_data'),
});

/** All kinds whose names can be looked up. */
export const KINDS: readonly Kind[] = [
  LOAD_BALANCER,
  LISTENER,
  POOL,
  MEMBER,
  HEALTH_MONITOR,
  L7_POLICY,
  L7_RULE,
  AMPHORA,
  FLAVOR,
  FLAVOR_PROFILE,
  AVAILABILITY_ZONE,
  AVAILABILITY_ZONE_PROFILE,
];
