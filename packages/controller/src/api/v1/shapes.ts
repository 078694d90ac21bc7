/** The objects of API v1 (seed edition and what its later releases added). */
import { invalid, isObject } from '../attributes/value-type.ts';
import { type Field, listOf, one, type Shape } from './shape.ts';

const changeable = (to: string): Field => ({ to, on: 'create and update' });
const fixed = (to: string): Field => ({ to, on: 'create and same' });
const initial = (to: string | null): Field => ({ to, on: 'create' });
const required = (field: Field): Field => ({ ...field, required: true });

const NAMED = {
  name: changeable('name'),
  description: changeable('description'),
  enabled: changeable('admin_state_up'),
};
const PROJECT = { tenant_id: initial('project_id'), project_id: initial('project_id') };

/** The cookie of HTTP_COOKIE is the load balancer's own: its name is accepted, and not used. */
function persistence(value: unknown): unknown {
  if (!isObject(value) || value.type !== 'HTTP_COOKIE') return value;
  const { cookie_name: _unused, ...rest } = value;
  return rest;
}

function discarded(value: unknown, name: string): unknown {
  if (!isObject(value)) throw invalid(name, value, 'Value should be object');
  return value;
}

export const MONITOR: Shape = {
  argument: 'health_monitor',
  fields: {
    type: required(fixed('type')),
    delay: required(changeable('delay')),
    timeout: required(changeable('timeout')),
    fall_threshold: required(changeable('max_retries_down')),
    rise_threshold: required(changeable('max_retries')),
    http_method: changeable('http_method'),
    url_path: changeable('url_path'),
    expected_codes: changeable('expected_codes'),
    enabled: changeable('admin_state_up'),
    ...PROJECT,
  },
};

export const MEMBER: Shape = {
  argument: 'member',
  fields: {
    ip_address: required(initial('address')),
    protocol_port: required(fixed('protocol_port')),
    weight: changeable('weight'),
    subnet_id: initial('subnet_id'),
    enabled: changeable('admin_state_up'),
    monitor_address: changeable('monitor_address'),
    monitor_port: changeable('monitor_port'),
    ...PROJECT,
  },
};

export const POOL: Shape = {
  argument: 'pool',
  fields: {
    ...NAMED,
    protocol: required(fixed('protocol')),
    lb_algorithm: required(changeable('lb_algorithm')),
    session_persistence: { ...changeable('session_persistence'), convert: persistence },
    listener_id: initial('listener_id'),
    ...PROJECT,
  },
};

const { listener_id: _ofThePath, ...POOL_FIELDS } = POOL.fields;
const POOL_IN_TREE: Shape = {
  argument: 'default_pool',
  fields: {
    ...POOL_FIELDS,
    members: { ...initial('members'), convert: listOf(MEMBER) },
    health_monitor: { ...initial('healthmonitor'), convert: one(MONITOR) },
  },
};

export const RULE: Shape = {
  argument: 'l7rule',
  fields: {
    type: required(changeable('type')),
    compare_type: required(changeable('compare_type')),
    key: changeable('key'),
    value: required(changeable('value')),
    invert: changeable('invert'),
  },
};

export const POLICY: Shape = {
  argument: 'l7policy',
  fields: {
    ...NAMED,
    action: required(changeable('action')),
    redirect_pool_id: changeable('redirect_pool_id'),
    redirect_url: changeable('redirect_url'),
    position: changeable('position'),
  },
};

const POLICY_IN_TREE: Shape = {
  argument: 'l7policies',
  fields: {
    ...POLICY.fields,
    redirect_pool: { ...initial('redirect_pool'), convert: one(POOL_IN_TREE) },
    l7rules: { ...initial('rules'), convert: listOf(RULE) },
  },
};

export const LISTENER: Shape = {
  argument: 'listener',
  fields: {
    ...NAMED,
    protocol: required(fixed('protocol')),
    protocol_port: required(fixed('protocol_port')),
    connection_limit: changeable('connection_limit'),
    default_tls_container_id: changeable('default_tls_container_ref'),
    tls_certificate_id: changeable('default_tls_container_ref'),
    tls_termination: { to: null, on: 'create and update', convert: discarded },
    sni_containers: changeable('sni_container_refs'),
    insert_headers: changeable('insert_headers'),
    default_pool_id: changeable('default_pool_id'),
    ...PROJECT,
  },
};

const LISTENER_IN_TREE: Shape = {
  argument: 'listeners',
  fields: {
    ...LISTENER.fields,
    default_pool: { ...initial('default_pool'), convert: one(POOL_IN_TREE) },
    l7policies: { ...initial('l7policies'), convert: listOf(POLICY_IN_TREE) },
  },
};

export const VIP: Shape = {
  argument: 'vip',
  fields: {
    ip_address: initial('vip_address'),
    port_id: initial('vip_port_id'),
    network_id: initial('vip_network_id'),
    subnet_id: initial('vip_subnet_id'),
  },
};

/** `vip` becomes an object of v2 attributes, which the handler spreads. */
export const LOAD_BALANCER: Shape = {
  argument: 'load_balancer',
  fields: {
    ...NAMED,
    vip: required({ ...initial('vip'), convert: one(VIP) }),
    listeners: { ...initial('listeners'), convert: listOf(LISTENER_IN_TREE) },
    ...PROJECT,
  },
};
