-- What new connections a port lets in, kept so that a restarted host can be given its filter again. Null: not filtered.
alter table local_port add column ingress jsonb;
