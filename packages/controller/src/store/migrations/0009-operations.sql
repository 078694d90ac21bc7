-- Why an operation is to be undone although no step failed, on the wish of an operator or after too many attempts.
alter table operation add column abandon_reason text;
-- Code of the error that made it fail, from the catalogue; null for unexpected errors.
alter table operation add column cause text;
-- The failed operation that this one repeats, and how many were before it.
alter table operation add column retry_of uuid;
alter table operation add column retry_number integer not null default 0;
alter table operation_step add column cause text;
create index on operation (created_at, id);
-- Failed operations that may be worth another try.
create index on operation (ended_at) where state = 'failed' and cause is not null;

-- What operators did to operations and statuses by hand. Outlives both.
create table operation_action (
  id uuid primary key,
  operation_id uuid,
  load_balancer_id uuid not null,
  verb text not null,
  detail text not null,
  user_id text,
  project_id text,
  request_id text,
  created_at timestamptz not null default now()
);
create index on operation_action (load_balancer_id, created_at);
