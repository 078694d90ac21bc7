-- Who may name a network: everybody, or one project, or (without one) administrators alone. A port is its project's alone.
alter table local_network add column shared boolean not null default true, add column project_id text;
alter table local_port add column project_id text;
