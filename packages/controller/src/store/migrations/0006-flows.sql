-- Who builds an amphora right now and who waits for it, when [haproxy_amphora] build_rate_limit is set.
create table amphora_build_request (
  amphora_id uuid primary key references amphora on delete cascade,
  -- Lower goes first.
  priority integer not null,
  building boolean not null default false,
  created_at timestamptz not null default now()
);

-- The group of the compute service that keeps the amphorae of a load balancer apart.
alter table load_balancer add column server_group_id text;
