-- Projects take turns at building amphorae. Requests of a release that did not know this belong to nobody: one project more.
alter table amphora_build_request add column project_id text not null default '';
create table amphora_build_turn (project_id text primary key, last_at timestamptz not null);
