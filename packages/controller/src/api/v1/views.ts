/** Objects of API v2 as API v1 shows them. */
import type { Json } from './shape.ts';

/** v1 shows null where nothing was given; v2 stores an empty text. */
const text = (value: unknown): unknown => (value === '' ? null : value);
const listed = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

const named = (object: Json) => ({
  id: object.id,
  name: text(object.name),
  description: text(object.description),
  enabled: object.admin_state_up,
});
const owned = ({ project_id }: Json) => ({ tenant_id: project_id, project_id });
const dated = ({ created_at, updated_at }: Json) => ({ created_at, updated_at });
const states = ({ provisioning_status, operating_status }: Json) => ({ provisioning_status, operating_status });

export const listenerView = (object: Json): Json => ({
  ...named(object),
  ...owned(object),
  protocol: object.protocol,
  protocol_port: object.protocol_port,
  connection_limit: object.connection_limit,
  default_tls_container_id: object.default_tls_container_ref,
  tls_certificate_id: object.default_tls_container_ref,
  sni_containers: object.sni_container_refs,
  insert_headers: object.insert_headers,
  default_pool_id: object.default_pool_id,
  l7policies: listed(object.l7policies).map(({ id }) => ({ id })),
  ...states(object),
  ...dated(object),
});

/** @param topology SINGLE or ACTIVE_STANDBY */
export function loadBalancerView(object: Json, topology: unknown): Json {
  const tree = listed(object.listeners).filter((listener) => listener.protocol !== undefined);
  return {
    ...named(object),
    ...owned(object),
    vip: {
      ip_address: object.vip_address,
      port_id: object.vip_port_id,
      network_id: object.vip_network_id,
      subnet_id: object.vip_subnet_id,
    },
    topology,
    ...(tree.length > 0 ? { listeners: tree.map(listenerView) } : {}),
    ...states(object),
    ...dated(object),
  };
}

export function poolView(object: Json): Json {
  const persistence = object.session_persistence as Json | null;
  return {
    ...named(object),
    ...owned(object),
    protocol: object.protocol,
    lb_algorithm: object.lb_algorithm,
    session_persistence: persistence && { type: persistence.type, cookie_name: persistence.cookie_name },
    operating_status: object.operating_status,
    ...dated(object),
  };
}

export const monitorView = (object: Json): Json => ({
  type: object.type,
  delay: object.delay,
  timeout: object.timeout,
  fall_threshold: object.max_retries_down,
  rise_threshold: object.max_retries,
  http_method: object.http_method,
  url_path: object.url_path,
  expected_codes: object.expected_codes,
  enabled: object.admin_state_up,
});

export const memberView = (object: Json): Json => ({
  id: object.id,
  ip_address: object.address,
  protocol_port: object.protocol_port,
  weight: object.weight,
  subnet_id: object.subnet_id,
  enabled: object.admin_state_up,
  monitor_address: object.monitor_address,
  monitor_port: object.monitor_port,
  operating_status: object.operating_status,
  ...dated(object),
});

export const policyView = (object: Json): Json => ({
  ...named(object),
  action: object.action,
  redirect_pool_id: object.redirect_pool_id,
  redirect_url: object.redirect_url,
  position: object.position,
});

export const ruleView = ({ id, type, compare_type, key, value, invert }: Json): Json => ({
  id,
  type,
  compare_type,
  key,
  value,
  invert,
});

export const quotaView = ({ load_balancer, listener, pool, health_monitor, member }: Json): Json => ({
  load_balancer,
  listener,
  pool,
  health_monitor,
  member,
});

export const statisticsView = (stats: Json): Json => ({
  bytes_in: stats.bytes_in,
  bytes_out: stats.bytes_out,
  active_connections: stats.active_connections,
  total_connections: stats.total_connections,
  request_errors: stats.request_errors,
});
