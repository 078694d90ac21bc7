/** The product's names for what HAProxy's exporter counts. Anything that is not here is not shown. */

const words = (text: string): string[] => text.trim().split(/\s+/);

const LOAD_BALANCER = words(`
  connections_total current_backend_ssl_key_rate current_connection_rate current_connections
  current_frontend_ssl_key_rate current_session_rate current_ssl_connections current_ssl_rate dropped_logs_total
  frontend_ssl_reuse http_comp_bytes_in_total http_comp_bytes_out_total limit_connection_rate limit_http_comp
  limit_session_rate limit_ssl_rate listeners max_backend_ssl_key_rate max_connection_rate max_connections
  max_frontend_ssl_key_rate max_session_rate max_ssl_connections max_ssl_rate requests_total
  ssl_cache_lookups_total ssl_cache_misses_total ssl_connections_total
`);

const LISTENER = words(`
  bytes_in_total bytes_out_total connections_rate_max connections_total current_sessions denied_connections_total
  denied_sessions_total failed_header_rewriting_total http_cache_hits_total http_cache_lookups_total
  http_comp_bytes_bypassed_total http_comp_bytes_in_total http_comp_bytes_out_total http_comp_responses_total
  http_requests_rate_max http_requests_total http_responses_total intercepted_requests_total limit_session_rate
  limit_sessions max_session_rate max_sessions request_errors_total requests_denied_total responses_denied_total
  sessions_total status
`);

const POOL = words(`
  bytes_in_total bytes_out_total check_last_change_seconds check_up_down_total client_aborts_total
  connect_time_average_seconds connection_attempts_total connection_errors_total connection_reuses_total
  current_queue current_sessions downtime_seconds_total failed_header_rewriting_total http_cache_hits_total
  http_cache_lookups_total http_comp_bytes_bypassed_total http_comp_bytes_in_total http_comp_bytes_out_total
  http_comp_responses_total http_requests_total http_responses_total last_session_seconds limit_sessions
  loadbalanced_total max_connect_time_seconds max_queue max_queue_time_seconds max_response_time_seconds
  max_session_rate max_sessions max_total_time_seconds queue_time_average_seconds redispatch_warnings_total
  requests_denied_total response_errors_total response_time_average_seconds responses_denied_total
  retry_warnings_total sessions_total status total_time_average_seconds
`);

const MEMBER = words(`
  bytes_in_total bytes_out_total check_failures_total check_last_change_seconds check_up_down_total
  client_aborts_total connect_time_average_seconds connection_attempts_total connection_errors_total
  connection_reuses_total current_queue current_sessions current_throttle downtime_seconds_total
  failed_header_rewriting_total http_responses_total idle_connections_current idle_connections_limit
  last_session_seconds limit_sessions loadbalanced_total max_connect_time_seconds max_queue max_queue_time_seconds
  max_response_time_seconds max_session_rate max_sessions max_total_time_seconds queue_limit
  queue_time_average_seconds redispatch_warnings_total response_errors_total response_time_average_seconds
  responses_denied_total retry_warnings_total server_aborts_total sessions_total status total_time_average_seconds
  weight
`);

const RENAMED: readonly [string, string][] = [
  ['haproxy_process_pool_allocated_bytes', 'octavia_memory_pool_allocated_bytes'],
  ['haproxy_process_pool_failures_total', 'octavia_memory_pool_failures_total'],
  ['haproxy_process_pool_used_bytes', 'octavia_memory_pool_used_bytes'],
  ['haproxy_backend_active_servers', 'octavia_pool_active_members'],
  ['haproxy_backend_backup_servers', 'octavia_pool_backup_members'],
  ['haproxy_backend_server_aborts_total', 'octavia_pool_member_aborts_total'],
];

const sameEnd = (theirs: string, ours: string, ends: readonly string[]): [string, string][] =>
  ends.map((end) => [`haproxy_${theirs}_${end}`, `octavia_${ours}_${end}`]);

/** HAProxy's name → ours. */
export const METRIC_NAMES: ReadonlyMap<string, string> = new Map([
  ...sameEnd('process', 'loadbalancer', LOAD_BALANCER),
  ...sameEnd('frontend', 'listener', LISTENER),
  ...sameEnd('backend', 'pool', POOL),
  ...sameEnd('server', 'member', MEMBER),
  ...RENAMED,
]);
