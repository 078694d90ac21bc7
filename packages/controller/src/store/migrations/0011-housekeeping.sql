-- What housekeeping does and when it did it last: any number of processes share these rows.
create table housekeeping_duty (
  name text primary key,
  holder text not null,
  started_at timestamptz not null,
  -- Null while it runs, and after the process that ran it died.
  ended_at timestamptz,
  next_at timestamptz not null,
  failures integer not null default 0,
  outcome text
);

-- Things of the cloud that no row names. One is removed only after it was seen so for a while.
create table orphan_suspect (
  kind text not null,
  id text not null,
  name text not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  primary key (kind, id)
);

-- The certificate authorities that were in use, and since when: amphorae with certificates from before get new ones.
create table certificate_authority (
  fingerprint text primary key,
  subject text not null,
  first_used_at timestamptz not null default now()
);

create index on operation (resource_id, ended_at) where kind = 'rotate_amphora_certificate';
create index on operation (ended_at) where ended_at is not null;
