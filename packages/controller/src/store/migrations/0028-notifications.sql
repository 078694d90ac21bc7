-- What other systems are to hear, until the message bus has confirmed it. Notifications of one channel leave in the order of
-- their ids, which is the order in which operations of a load balancer ended.
create table notification (
  id bigint generated always as identity primary key,
  channel text not null,
  message_id uuid not null,
  message text not null,
  created_at timestamptz not null default now()
);

create index notification_channel_id on notification (channel, id);

-- How the sending goes, for operators.
create table notification_channel (
  name text primary key,
  sender text not null,
  problem text,
  problem_since timestamptz,
  dropped bigint not null default 0,
  dropped_at timestamptz
);
