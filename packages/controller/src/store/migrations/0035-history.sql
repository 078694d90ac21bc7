-- What members were, and since when. Bounded by age and by a number for each member.
create table health_transition (
  member_id uuid not null,
  load_balancer_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  status text not null,
  reason text
);
create index health_transition_load_balancer on health_transition (load_balancer_id, at);

-- What changes at members becomes events, as at everything else (0034); a transition of their health is kept for longer than its event.
create function note_members_change() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name, provisioning_status,
    operating_status, reason)
  select
    case
      when (o.name, o.admin_state_up, o.tags, o.weight, o.backup, o.monitor_address, o.monitor_port, o.subnet_id, o.vnic_type,
          o.address, o.protocol_port, o.given_address, o.given_monitor_address)
        is distinct from (n.name, n.admin_state_up, n.tags, n.weight, n.backup, n.monitor_address, n.monitor_port,
          n.subnet_id, n.vnic_type, n.address, n.protocol_port, n.given_address, n.given_monitor_address) then 'changed'
      when o.operating_status <> n.operating_status and o.provisioning_status = n.provisioning_status then 'health'
      else 'status'
    end as what,
    'member', n.id, p.load_balancer_id, n.project_id, n.name, n.provisioning_status, n.operating_status,
    coalesce(n.status_reason, n.health_reason)
  from latter n join former o on o.id = n.id join pool p on p.id = n.pool_id
  where o.provisioning_status <> n.provisioning_status or o.operating_status <> n.operating_status
    or (o.name, o.admin_state_up, o.tags, o.weight, o.backup, o.monitor_address, o.monitor_port, o.subnet_id, o.vnic_type,
        o.address, o.protocol_port, o.given_address, o.given_monitor_address)
      is distinct from (n.name, n.admin_state_up, n.tags, n.weight, n.backup, n.monitor_address, n.monitor_port,
        n.subnet_id, n.vnic_type, n.address, n.protocol_port, n.given_address, n.given_monitor_address);
  insert into health_transition (member_id, load_balancer_id, status, reason)
  select n.id, p.load_balancer_id, n.operating_status, n.health_reason
  from latter n join former o on o.id = n.id join pool p on p.id = n.pool_id
  where o.operating_status <> n.operating_status;
  return null;
end $$;

create trigger event_changes after update on member
  referencing old table as former new table as latter for each statement execute function note_members_change();

-- What listeners counted, in steps of 5 minutes (step 300) and of an hour (step 3600). A row holds 24 steps of one listener, five
-- numbers each, one after the other: bytes in, bytes out, connections, request errors, open connections. What is missing at the end
-- is zero. Seven digits are plenty for pictures; with a row for each step it would be four times as large.
create table listener_history (
  listener_id uuid not null,
  step integer not null,
  begins timestamptz not null,
  counts real[] not null,
  primary key (listener_id, step, begins)
) with (fillfactor = 60);

-- Counters as they were when the newest step of a listener ended.
create table listener_history_mark (
  listener_id uuid not null,
  step integer not null,
  at timestamptz not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  total_connections bigint not null,
  request_errors bigint not null,
  active_connections bigint not null,
  primary key (listener_id, step)
) with (fillfactor = 60);
