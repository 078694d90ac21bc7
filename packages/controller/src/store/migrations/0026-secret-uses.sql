-- What was made at the store of tenants' secrets for objects of this database, so that it goes with them.

-- Read access that the service user has to what a reference leads to.
create table secret_grant (
  -- As its user wrote it.
  ref text not null,
  -- What has an access list of its own: containers/<id>, and secrets/<id> for each secret in it.
  object text not null,
  project_id text not null,
  -- The access list was extended here, and is to be shortened again.
  is_ours boolean not null default false,
  -- A request named the reference then; its object need not be in the database yet.
  claimed_at timestamptz not null default now(),
  primary key (ref, object)
);
create index on secret_grant (object);
create index on secret_grant (project_id);

-- Consumers that are registered, or may be: the row is there before the store is asked, and goes after the consumer went.
create table secret_consumer (
  ref text not null,
  resource_type text not null,
  resource_id uuid not null,
  is_registered boolean not null default false,
  failures integer not null default 0,
  retry_at timestamptz not null default now(),
  primary key (ref, resource_type, resource_id)
);
