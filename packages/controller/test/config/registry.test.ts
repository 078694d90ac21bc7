import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REGISTRY, registeredOptions } from '../../src/config/index.ts';
import { OTHER_OPTIONS, OTHER_SECTIONS } from '../../src/config/other-releases.ts';

/** The documented options of OpenStack Octavia: name, type, default as text, bounds, flags, old names. */
const documented = readFileSync(join(import.meta.dirname, 'testdata/options.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [section = '', name = '', type = '', fallback = '', bounds = '', flags = '', old = ''] = line.split('\t');
    return { section, name, type, fallback, bounds, flags: flags.split(','), old: old.split(',').filter(Boolean) };
  });

const registered = new Map(registeredOptions().map((entry) => [`${entry.section}.${entry.name}`, entry.option]));

/** Options OpenStack Octavia documents outside its tables, and our own. */
const additional = `
audit_middleware_notifications.driver audit_middleware_notifications.topics audit_middleware_notifications.transport_url
api_settings.api_v1_enabled api_settings.provider_driver_timeout api_settings.provider_packages api_settings.provider_python
api_settings.remote_provider_ca_file api_settings.remote_provider_cert_file api_settings.remote_provider_drivers api_settings.remote_provider_key_file
api_settings.event_readers api_settings.remember_lists api_settings.request_timeout certificates.storage_path
controller_worker.concurrent_operations controller_worker.dispatch_interval_ms controller_worker.error_retries controller_worker.error_retry_interval
controller_worker.operations_in_flight compute.noop_boot_time driver_agent.provider_change_timeout
cors.allow_credentials cors.allow_headers cors.allow_methods cors.allowed_origin cors.expose_headers cors.max_age
healthcheck.allowed_source_ranges healthcheck.backends healthcheck.detailed healthcheck.disable_by_file_path
healthcheck.disable_by_file_paths healthcheck.ignore_proxied_requests healthcheck.path
haproxy_amphora.haproxy_buffer_size haproxy_amphora.haproxy_hard_stop_after haproxy_amphora.haproxy_max_headers
health_manager.failover_budget_percent health_manager.failover_rate health_manager.failover_zone_budget_percent
health_manager.heartbeat_key_previous health_manager.mass_loss_percent
house_keeping.event_expiry_age house_keeping.event_limit house_keeping.operation_expiry_age house_keeping.orphan_dry_run house_keeping.orphan_expiry_age
house_keeping.orphan_interval house_keeping.quota_recount_interval
keystone_authtoken.admin_password keystone_authtoken.admin_tenant_name keystone_authtoken.admin_user
keystone_authtoken.application_credential_id keystone_authtoken.application_credential_name
keystone_authtoken.application_credential_secret keystone_authtoken.auth_url keystone_authtoken.password keystone_authtoken.project_domain_id
keystone_authtoken.project_domain_name keystone_authtoken.project_id keystone_authtoken.project_name
keystone_authtoken.system_scope keystone_authtoken.user_domain_id keystone_authtoken.user_domain_name
keystone_authtoken.user_id keystone_authtoken.username
local_cloud.agent_node local_cloud.state_dir local_cloud.subnet_range networking.denylist_vip_networks
neutron.application_credential_id neutron.application_credential_name neutron.application_credential_secret neutron.auth_section
neutron.auth_type neutron.auth_url neutron.cafile neutron.default_domain_id neutron.default_domain_name neutron.domain_id neutron.domain_name
neutron.endpoint_override neutron.password neutron.project_domain_id neutron.project_domain_name neutron.project_id neutron.project_name
neutron.system_scope neutron.token neutron.trust_id neutron.user_domain_id neutron.user_domain_name neutron.user_id neutron.username
neutron.valid_interfaces oslo_messaging_notifications.max_waiting
oslo_messaging_rabbit.rabbit_host oslo_messaging_rabbit.rabbit_password oslo_messaging_rabbit.rabbit_userid
oslo_middleware.enable_proxy_headers_parsing oslo_middleware.max_request_body_size
service_auth.application_credential_id service_auth.application_credential_name service_auth.application_credential_secret
service_auth.auth_section service_auth.connect_retries service_auth.endpoint service_auth.region_name
service_auth.status_code_retries service_auth.token service_auth.valid_interfaces
oslo_policy.enforce_new_defaults oslo_policy.enforce_scope oslo_policy.policy_file
oslo_reports.file_event_handler oslo_reports.file_event_handler_interval oslo_reports.log_dir
`
  .trim()
  .split(/\s+/);

/** Bounds that OpenStack Octavia does not document: it takes these options with values that make no sense. */
const OWN_BOUNDS = {
  'min -1': `
database.max_retries database.db_max_retries haproxy_amphora.build_rate_limit keystone_authtoken.token_cache_time
oslo_messaging_notifications.retry quotas.default_health_monitor_quota quotas.default_l7policy_quota
quotas.default_l7rule_quota quotas.default_listener_quota quotas.default_load_balancer_quota
quotas.default_member_quota quotas.default_pool_quota
`,
  'min 0': `
DEFAULT.graceful_shutdown_timeout DEFAULT.max_logfile_count DEFAULT.rate_limit_burst DEFAULT.rate_limit_interval
api_settings.healthcheck_refresh_interval controller_worker.amp_active_wait_sec
controller_worker.amphora_delete_retries controller_worker.amphora_delete_retry_interval
controller_worker.db_commit_retry_initial_delay controller_worker.db_commit_retry_backoff
controller_worker.db_commit_retry_max database.max_pool_size database.retry_interval database.pool_timeout
haproxy_amphora.active_connection_retry_interval haproxy_amphora.build_retry_interval
haproxy_amphora.connection_retry_interval haproxy_amphora.failover_connection_retry_interval
haproxy_amphora.timeout_client_data haproxy_amphora.timeout_member_connect haproxy_amphora.timeout_member_data
haproxy_amphora.timeout_tcp_inspect health_manager.failover_threshold health_manager.sock_rlimit
house_keeping.amphora_expiry_age house_keeping.cert_expiry_buffer house_keeping.load_balancer_expiry_age
keepalived_vrrp.vrrp_garp_refresh_count keepalived_vrrp.vrrp_garp_refresh_interval
keystone_authtoken.http_request_max_retries networking.max_retries networking.retry_backoff
networking.retry_interval networking.retry_max driver_agent.provider_agent_shutdown_timeout
`,
  'min 0.1': `
haproxy_amphora.rest_request_conn_timeout haproxy_amphora.rest_request_read_timeout
`,
  'min 1': `
DEFAULT.log_rotate_interval DEFAULT.max_logfile_size_mb DEFAULT.rpc_response_timeout
amphora_agent.agent_request_read_timeout certificates.cert_validity_time controller_worker.amp_active_retries
controller_worker.db_commit_retry_attempts haproxy_amphora.active_connection_max_retries
haproxy_amphora.api_db_commit_retry_attempts haproxy_amphora.build_active_retries
haproxy_amphora.connection_max_retries haproxy_amphora.default_connection_limit
haproxy_amphora.failover_connection_max_retries health_manager.failover_threads health_manager.health_check_interval
health_manager.health_update_threads health_manager.heartbeat_interval health_manager.heartbeat_timeout
health_manager.stats_update_threads house_keeping.cert_interval house_keeping.cert_rotate_threads
house_keeping.cleanup_interval keepalived_vrrp.vrrp_advert_int keepalived_vrrp.vrrp_check_interval
keepalived_vrrp.vrrp_fail_count keepalived_vrrp.vrrp_success_count keystone_authtoken.http_connect_timeout
keystone_authtoken.memcache_pool_socket_timeout networking.port_detach_timeout
driver_agent.status_max_processes driver_agent.stats_max_processes driver_agent.get_max_processes
driver_agent.status_request_timeout driver_agent.stats_request_timeout driver_agent.get_request_timeout
`,
};

const ownBounds = new Map(
  Object.entries(OWN_BOUNDS).flatMap(([bounds, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, bounds] as const),
  ),
);

describe('option registry', () => {
  it('has no option that is listed among those of other releases', () => {
    const others = Object.entries(OTHER_OPTIONS).flatMap(([section, options]) =>
      Object.keys(options).map((name) => `${section}.${name}`),
    );
    expect(others.filter((name) => registered.has(name))).toEqual([]);
    expect(Object.keys(OTHER_SECTIONS).filter((name) => name in REGISTRY)).toEqual([]);
  });

  it('has the 438 documented options and the additional ones, no other', () => {
    expect(documented).toHaveLength(438);
    const expected = [...documented.map(({ section, name }) => `${section}.${name}`), ...additional];
    expect([...registered.keys()].sort()).toEqual(expected.sort());
  });

  it.each(documented)('[$section] $name is a $type with the documented default, bounds and names', (row) => {
    const option = registered.get(`${row.section}.${row.name}`);
    const fallback = option?.default === null ? '<None>' : (option?.sample ?? option?.type.format(option.default));
    expect(fallback).toBe(row.fallback);
    expect(option?.type.name).toBe(row.type);
    const own = ownBounds.get(`${row.section}.${row.name}`) ?? '';
    const bounds = row.type === 'port number' ? 'min 0; max 65535' : row.bounds || own;
    expect(option?.type.constraint ?? '').toBe(bounds);
    expect(option?.mutable ?? false).toBe(row.flags.includes('mutable'));
    expect(option?.forRemoval ?? false).toBe(row.flags.includes('removal'));
    const spelled = row.old.map((old) => old.replaceAll('-', '_').replace('DATABASE.', 'database.'));
    const itself = `${row.section}.${row.name}`;
    expect(new Set(option?.old)).toEqual(new Set(spelled.filter((old) => old !== itself)));
  });

  it('covers every option that holds a password, a key or a URL with credentials', () => {
    const secretive = /password|passphrase$|_key$|^transport_url$|connection$|connection_parameters$/;
    const harmless = new Set(['certificates.ca_private_key', 'oslo_messaging_rabbit.ssl_key_file']);
    const open = registeredOptions()
      .filter(
        ({ section, name, option }) => secretive.test(name) && !option.secret && !harmless.has(`${section}.${name}`),
      )
      .map(({ section, name }) => `${section}.${name}`);
    expect(open).toEqual([]);
  });

  it.each(registeredOptions().filter(({ option }) => option.default !== null))(
    '[$section] $name accepts its own default',
    ({ option }) => {
      option.type.check(option.default);
      if (!option.type.repeatable)
        expect(option.type.parse(option.type.format(option.default))).toEqual(option.default);
    },
  );

  it('describes every option in a sentence', () => {
    const bad = registeredOptions().filter(({ option }) => !/^[\p{L}/].*\.$/u.test(option.help));
    expect(bad.map(({ name }) => name)).toEqual([]);
  });
});
