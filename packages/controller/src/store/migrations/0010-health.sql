-- Heartbeats arrive by the thousand a second and change no indexed column: with room on its page such a change writes one row
-- and no index.
alter table amphora_health set (fillfactor = 50);
alter table listener_statistics set (fillfactor = 50);

-- Which of the last 63 messages were counted: bit n stands for message last_seq - n. Health managers share it, so that a
-- message counts once, whoever receives it, and a late one still counts.
alter table amphora_health add column seen bigint not null default 1;

-- Replacements that health managers asked for by themselves: what their budget and their patience are reckoned from.
create table automatic_failover (
  amphora_id uuid not null,
  load_balancer_id uuid,
  zone text not null,
  requested_by text not null,
  requested_at timestamptz not null
);
create index on automatic_failover (requested_at);
create index on automatic_failover (amphora_id);
