-- What happened to load balancers and what is below them, for whoever listens: written by the transaction that does it, by
-- triggers, so that no writer can forget it. Rows of one load balancer have ids in the order in which things happened, for its
-- row is locked then. Which rows a reader has seen is told by a snapshot (see store/events/position.ts), never by an id alone:
-- transactions commit in another order than they draw numbers.
create table event (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  resource_type text not null,
  resource_id uuid not null,
  load_balancer_id uuid not null,
  project_id text not null,
  name text,
  provisioning_status text,
  operating_status text,
  reason text,
  operation jsonb
);
create index event_xid on event (xid);

-- The newest transaction whose events were purged: who has not seen it cannot be told everything any more. One row.
create table event_horizon (forgotten xid8 not null);
insert into event_horizon values ('0');

-- What the last health check said of a member that is down.
alter table member add column health_reason text;

-- A row that changes or goes. Most statements touch one, or change nothing that is told, which the conditions of the triggers find
-- out for nothing. What goes with its parent has no event of its own: the parent's says it.
create function note_event() returns trigger language plpgsql as $$
declare
  balancer uuid;
  what text := case tg_op when 'DELETE' then 'deleted' else 'changed' end;
  is_moved boolean;
begin
  if tg_op = 'DELETE' then new := old; end if;
  if tg_table_name = 'load_balancer' then
    balancer := new.id;
  elsif tg_table_name in ('listener', 'pool') then
    balancer := new.load_balancer_id;
  elsif tg_table_name = 'health_monitor' then
    select p.load_balancer_id into balancer from pool p where p.id = new.pool_id;
  elsif tg_table_name = 'l7policy' then
    select l.load_balancer_id into balancer from listener l where l.id = new.listener_id;
  else
    select l.load_balancer_id into balancer
    from l7policy y join listener l on l.id = y.listener_id where y.id = new.l7policy_id;
  end if;
  if balancer is null then return null; end if;
  if tg_op = 'UPDATE' then
    if new.provisioning_status = 'DELETED' then
      what := 'deleted';
    else
      is_moved := old.provisioning_status <> new.provisioning_status or old.operating_status <> new.operating_status;
      old.provisioning_status := new.provisioning_status;
      old.operating_status := new.operating_status;
      old.status_reason := new.status_reason;
      old.status_code := new.status_code;
      old.failed_operation_id := new.failed_operation_id;
      old.updated_at := new.updated_at;
      if tg_table_name = 'load_balancer' then old.server_group_id := new.server_group_id; end if;
      if old is not distinct from new then
        if not is_moved then return null; end if;
        what := 'status';
      end if;
    end if;
  end if;
  insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name, provisioning_status,
    operating_status, reason)
  values (what, tg_table_name, new.id, balancer, new.project_id, new.name, new.provisioning_status, new.operating_status,
    new.status_reason);
  return null;
end $$;

-- Rows that come: all of a kind in one statement, as a tree is written with everything below it, and several trees at once. Never
-- by a sequential scan: plans are kept, and a table that was empty when one was made does not stay so.
do $$
declare
  resource text;
  balancer text;
  parents text;
begin
  for resource, balancer, parents in values
    ('load_balancer', 'n.id', ''),
    ('listener', 'n.load_balancer_id', ''),
    ('pool', 'n.load_balancer_id', ''),
    ('member', 'p.load_balancer_id', 'join pool p on p.id = n.pool_id'),
    ('health_monitor', 'p.load_balancer_id', 'join pool p on p.id = n.pool_id'),
    ('l7policy', 'l.load_balancer_id', 'join listener l on l.id = n.listener_id'),
    ('l7rule', 'l.load_balancer_id', 'join l7policy y on y.id = n.l7policy_id join listener l on l.id = y.listener_id')
  loop
    execute format($function$
      create function note_%1$s_comes() returns trigger language plpgsql %4$s as $body$
      begin
        insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name, provisioning_status,
          operating_status, reason)
        select 'created', %1$L, n.id, %2$s, n.project_id, n.name, n.provisioning_status, n.operating_status, n.status_reason
        from latter n %3$s
        where %2$s is not null;
        return null;
      end $body$;
      create trigger event_comes after insert on %1$I
        referencing new table as latter for each statement execute function note_%1$s_comes();
    $function$, resource, balancer, parents, case when parents = '' then '' else 'set enable_seqscan = off' end);
    if resource <> 'member' then
      execute format($trigger$
        create trigger event_changes after update on %1$I for each row
          when (old.provisioning_status <> 'DELETED' and old.* is distinct from new.*) execute function note_event();
        create trigger event_goes after delete on %1$I for each row
          when (old.provisioning_status <> 'DELETED') execute function note_event();
      $trigger$, resource);
    end if;
  end loop;
end $$;

-- Members change (0035) and go by the thousand as well: 5 microseconds each in one statement, where a row's trigger takes 20.
create function note_members_go() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, name, provisioning_status,
    operating_status, reason)
  select 'deleted', 'member', o.id, p.load_balancer_id, o.project_id, o.name, o.provisioning_status, o.operating_status,
    o.status_reason
  from former o join pool p on p.id = o.pool_id;
  return null;
end $$;

create trigger event_goes after delete on member
  referencing old table as former for each statement execute function note_members_go();

-- Each step of an operation, from its place in the queue to its end.
create function note_operations_come() returns trigger language plpgsql as $$
begin
  insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, reason, operation)
  select 'operation', n.resource_type, n.resource_id, n.load_balancer_id, n.project_id, n.reason,
    jsonb_build_object('id', n.id, 'kind', n.kind, 'state', n.state, 'step', n.current_step)
  from latter n;
  return null;
end $$;

create trigger event_comes after insert on operation
  referencing new table as latter for each statement execute function note_operations_come();

create function note_operation_event() returns trigger language plpgsql as $$
begin
  insert into event (kind, resource_type, resource_id, load_balancer_id, project_id, reason, operation)
  values ('operation', new.resource_type, new.resource_id, new.load_balancer_id, new.project_id, new.reason,
    jsonb_build_object('id', new.id, 'kind', new.kind, 'state', new.state, 'step', new.current_step));
  return null;
end $$;

create trigger event_changes after update of state, current_step on operation for each row
  when (old.state <> new.state or old.current_step is distinct from new.current_step)
  execute function note_operation_event();
