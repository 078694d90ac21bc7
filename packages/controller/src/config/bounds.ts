/**
 * Values that OpenStack Octavia takes and that make no sense: an interval below zero, no attempt at all. Beside the options, whose
 * own bounds are those of OpenStack Octavia's documentation. What is negative on purpose there (-1 = no limit) is so here.
 */
import { OctaviaError } from '../errors.ts';
import type { ConfigValues, SectionName } from './registry.ts';

type Bounds = { readonly [S in SectionName]?: { readonly [O in keyof ConfigValues[S]]?: number } };

const SMALLEST: Bounds = {
  DEFAULT: {
    graceful_shutdown_timeout: 0,
    log_rotate_interval: 1,
    max_logfile_count: 0,
    max_logfile_size_mb: 1,
    rate_limit_burst: 0,
    rate_limit_interval: 0,
    rpc_response_timeout: 1,
  },
  amphora_agent: { agent_request_read_timeout: 1 },
  api_settings: { healthcheck_refresh_interval: 0 },
  certificates: { cert_validity_time: 1 },
  controller_worker: {
    amp_active_retries: 1,
    amp_active_wait_sec: 0,
    amphora_delete_retries: 0,
    amphora_delete_retry_interval: 0,
    db_commit_retry_attempts: 1,
    db_commit_retry_initial_delay: 0,
    db_commit_retry_backoff: 0,
    db_commit_retry_max: 0,
  },
  cors: { max_age: 0 },
  database: { max_pool_size: 0, max_retries: -1, retry_interval: 0, db_max_retries: -1, pool_timeout: 0 },
  haproxy_amphora: {
    active_connection_max_retries: 1,
    active_connection_retry_interval: 0,
    api_db_commit_retry_attempts: 1,
    build_active_retries: 1,
    build_rate_limit: -1,
    build_retry_interval: 0,
    connection_max_retries: 1,
    connection_retry_interval: 0,
    default_connection_limit: 1,
    failover_connection_max_retries: 1,
    failover_connection_retry_interval: 0,
    rest_request_conn_timeout: 0.1,
    rest_request_read_timeout: 0.1,
    timeout_client_data: 0,
    timeout_member_connect: 0,
    timeout_member_data: 0,
    timeout_tcp_inspect: 0,
  },
  health_manager: {
    failover_threads: 1,
    failover_threshold: 0,
    health_check_interval: 1,
    health_update_threads: 1,
    heartbeat_interval: 1,
    heartbeat_timeout: 1,
    sock_rlimit: 0,
    stats_update_threads: 1,
  },
  house_keeping: {
    amphora_expiry_age: 0,
    cert_expiry_buffer: 0,
    cert_interval: 1,
    cert_rotate_threads: 1,
    cleanup_interval: 1,
    load_balancer_expiry_age: 0,
  },
  keepalived_vrrp: {
    vrrp_advert_int: 1,
    vrrp_check_interval: 1,
    vrrp_fail_count: 1,
    vrrp_garp_refresh_count: 0,
    vrrp_garp_refresh_interval: 0,
    vrrp_success_count: 1,
  },
  keystone_authtoken: { http_connect_timeout: 1, http_request_max_retries: 0, token_cache_time: -1 },
  networking: { max_retries: 0, port_detach_timeout: 1, retry_backoff: 0, retry_interval: 0, retry_max: 0 },
  oslo_messaging_notifications: { retry: -1 },
  oslo_middleware: { max_request_body_size: 1 },
  quotas: {
    default_health_monitor_quota: -1,
    default_l7policy_quota: -1,
    default_l7rule_quota: -1,
    default_listener_quota: -1,
    default_load_balancer_quota: -1,
    default_member_quota: -1,
    default_pool_quota: -1,
  },
};

/** @throws OctaviaError BAD_OPTION */
export function checkBounds(values: ConfigValues): void {
  for (const [section, options] of Object.entries(SMALLEST)) {
    const given = values[section as SectionName] as Readonly<Record<string, unknown>>;
    for (const [option, smallest] of Object.entries(options as Record<string, number>)) {
      const value = given[option];
      if (typeof value !== 'number' || value >= smallest) continue;
      const reason = `must be at least ${smallest}`;
      throw new OctaviaError('BAD_OPTION', { file: 'configuration', section, option, value, reason });
    }
  }
}
