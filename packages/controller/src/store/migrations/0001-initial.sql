-- The whole model: all resource kinds, operations, workers, health, statistics, and the ports of the local network driver.
-- Sub-objects that are only ever read and written with their parent (tags, CIDRs, SNI references, session persistence,
-- additional VIPs) live in the parent's row: lists then need one statement without joins.

create table flavor_profile (
  id uuid primary key,
  name text not null,
  provider_name text not null,
  flavor_data text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);

create table flavor (
  id uuid primary key,
  name text not null unique,
  description text not null default '',
  enabled boolean not null default true,
  flavor_profile_id uuid not null references flavor_profile,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);

create table availability_zone_profile (
  id uuid primary key,
  name text not null,
  provider_name text not null,
  availability_zone_data text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);

create table availability_zone (
  name text primary key,
  description text not null default '',
  enabled boolean not null default true,
  availability_zone_profile_id uuid not null references availability_zone_profile,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);

create table quota (
  project_id text primary key,
  load_balancer_limit integer,
  listener_limit integer,
  pool_limit integer,
  health_monitor_limit integer,
  member_limit integer,
  l7policy_limit integer,
  l7rule_limit integer,
  load_balancer_in_use integer,
  listener_in_use integer,
  pool_in_use integer,
  health_monitor_in_use integer,
  member_in_use integer,
  l7policy_in_use integer,
  l7rule_in_use integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);

create table load_balancer (
  id uuid primary key,
  project_id text not null,
  name text not null,
  description text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  provider text not null,
  topology text not null,
  flavor_id uuid references flavor,
  availability_zone text references availability_zone,
  vip_address inet not null,
  vip_port_id uuid,
  vip_subnet_id uuid,
  vip_network_id uuid,
  vip_qos_policy_id uuid,
  vip_port_owned boolean not null,
  additional_vips jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz
);
create index on load_balancer (created_at, id) where provisioning_status <> 'DELETED';
create index on load_balancer (project_id, created_at, id) where provisioning_status <> 'DELETED';

create table pool (
  id uuid primary key,
  load_balancer_id uuid not null references load_balancer on delete cascade,
  project_id text not null,
  name text not null,
  description text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  protocol text not null,
  lb_algorithm text not null,
  session_persistence jsonb,
  tls_enabled boolean not null,
  tls_container_ref text,
  ca_tls_container_ref text,
  crl_container_ref text,
  tls_ciphers text,
  tls_versions text[],
  alpn_protocols text[],
  created_at timestamptz not null,
  updated_at timestamptz
);
create index on pool (load_balancer_id);
create index on pool (created_at, id);
create index on pool (project_id, created_at, id);

create table listener (
  id uuid primary key,
  load_balancer_id uuid not null references load_balancer on delete cascade,
  project_id text not null,
  name text not null,
  description text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  protocol text not null,
  protocol_port integer not null,
  -- Port uniqueness is per layer-4 protocol: everything that is neither UDP nor SCTP rides on TCP.
  l4_protocol text not null generated always as (case protocol when 'UDP' then 'UDP' when 'SCTP' then 'SCTP' else 'TCP' end) stored,
  connection_limit integer not null,
  default_pool_id uuid references pool on delete set null,
  insert_headers jsonb not null,
  default_tls_container_ref text,
  sni_container_refs text[] not null,
  timeout_client_data integer not null,
  timeout_member_connect integer not null,
  timeout_member_data integer not null,
  timeout_tcp_inspect integer not null,
  client_authentication text not null,
  client_ca_tls_container_ref text,
  client_crl_container_ref text,
  allowed_cidrs text[],
  tls_ciphers text,
  tls_versions text[],
  alpn_protocols text[],
  created_at timestamptz not null,
  updated_at timestamptz,
  constraint listener_port_unique unique (load_balancer_id, l4_protocol, protocol_port)
);
create index on listener (default_pool_id);
create index on listener (created_at, id);
create index on listener (project_id, created_at, id);

create table member (
  id uuid primary key,
  pool_id uuid not null references pool on delete cascade,
  project_id text not null,
  name text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  address inet not null,
  protocol_port integer not null,
  subnet_id uuid,
  weight integer not null,
  backup boolean not null,
  monitor_address inet,
  monitor_port integer,
  created_at timestamptz not null,
  updated_at timestamptz,
  constraint member_endpoint_unique unique (pool_id, address, protocol_port)
);
create index on member (pool_id, created_at, id);

create table health_monitor (
  id uuid primary key,
  pool_id uuid not null references pool on delete cascade,
  project_id text not null,
  name text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  type text not null,
  delay integer not null,
  timeout integer not null,
  max_retries integer not null,
  max_retries_down integer not null,
  http_method text,
  url_path text,
  expected_codes text,
  http_version text,
  domain_name text,
  created_at timestamptz not null,
  updated_at timestamptz,
  constraint health_monitor_pool_unique unique (pool_id)
);
create index on health_monitor (created_at, id);

create table l7policy (
  id uuid primary key,
  listener_id uuid not null references listener on delete cascade,
  project_id text not null,
  name text not null,
  description text not null,
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  action text not null,
  redirect_url text,
  redirect_prefix text,
  redirect_pool_id uuid references pool,
  redirect_http_code integer,
  position integer not null,
  created_at timestamptz not null,
  updated_at timestamptz,
  constraint l7policy_position_unique unique (listener_id, position) deferrable initially deferred
);
create index on l7policy (redirect_pool_id);

create table l7rule (
  id uuid primary key,
  l7policy_id uuid not null references l7policy on delete cascade,
  project_id text not null,
  name text not null default '',
  admin_state_up boolean not null,
  provisioning_status text not null,
  operating_status text not null,
  status_reason text,
  tags text[] not null,
  type text not null,
  compare_type text not null,
  key text,
  value text not null,
  invert boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz
);
create index on l7rule (l7policy_id, created_at, id);

create table amphora (
  id uuid primary key,
  load_balancer_id uuid references load_balancer on delete set null,
  compute_id text,
  lb_network_ip inet,
  vrrp_ip inet,
  ha_ip inet,
  vrrp_port_id uuid,
  ha_port_id uuid,
  vrrp_interface text,
  vrrp_id integer,
  vrrp_priority integer,
  role text,
  status text not null,
  cert_expiration timestamptz,
  cert_busy boolean not null default false,
  cached_zone text,
  image_id uuid,
  compute_flavor text,
  created_at timestamptz not null,
  updated_at timestamptz
);
create index on amphora (load_balancer_id);
create index on amphora (cert_expiration) where status <> 'DELETED';

-- Member networks plugged into an amphora (its VIP port is in amphora itself).
create table amphora_member_port (
  amphora_id uuid not null references amphora on delete cascade,
  network_id uuid not null,
  port_id uuid not null,
  primary key (amphora_id, network_id)
);

create table amphora_health (
  amphora_id uuid primary key references amphora on delete cascade,
  last_update timestamptz not null,
  last_seq bigint not null default 0,
  busy boolean not null default false
);

create table vrrp_group (
  load_balancer_id uuid primary key references load_balancer on delete cascade,
  vrrp_group_name text not null,
  vrrp_auth_type text not null,
  vrrp_auth_pass text not null,
  advert_int integer not null
);

create table listener_statistics (
  listener_id uuid not null,
  amphora_id uuid not null,
  bytes_in bigint not null default 0,
  bytes_out bigint not null default 0,
  active_connections bigint not null default 0,
  total_connections bigint not null default 0,
  request_errors bigint not null default 0,
  primary key (listener_id, amphora_id)
);

-- Every change of a load balancer. The row is written by the transaction that sets PENDING_*.
create table operation (
  id uuid primary key,
  load_balancer_id uuid not null,
  project_id text not null,
  kind text not null,
  resource_type text not null,
  resource_id uuid not null,
  input jsonb not null,
  flow_version integer not null,
  state text not null,
  current_step text,
  attempts integer not null default 0,
  reason text,
  worker_id text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index on operation (load_balancer_id, created_at);
create index on operation (created_at) where ended_at is null;

create table operation_step (
  operation_id uuid not null references operation on delete cascade,
  number integer not null,
  phase text not null,
  name text not null,
  state text not null,
  attempts integer not null default 1,
  detail text,
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (operation_id, number, phase)
);

-- Liveness of processes that run flows; a dead one's flows are taken over.
create table worker (
  id text primary key,
  host text not null,
  pid integer not null,
  process_start text not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now()
);

create table local_network (
  id uuid primary key,
  name text not null,
  bridge text not null,
  mtu integer not null
);

create table local_subnet (
  id uuid primary key,
  network_id uuid not null references local_network on delete cascade,
  name text not null,
  cidr cidr not null,
  gateway_ip inet,
  ip_version integer not null,
  host_routes jsonb not null default '[]'
);

create table local_port (
  id uuid primary key,
  name text not null unique,
  network_id uuid not null references local_network,
  mac_address text not null unique,
  device_id text not null,
  device_owner text not null,
  created_at timestamptz not null default now()
);

create table local_port_ip (
  port_id uuid not null references local_port on delete cascade,
  subnet_id uuid not null references local_subnet,
  ip_address inet not null,
  primary key (port_id, ip_address),
  constraint local_port_ip_unique unique (subnet_id, ip_address)
);
