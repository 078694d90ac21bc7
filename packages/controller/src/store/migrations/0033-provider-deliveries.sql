-- Changes of load balancers whose providers carry them out by themselves: who was given them, and whether it still lives.

create table driver_host (
  id text primary key,
  -- 'driver': a process with drivers in it; 'agent': a driver agent that they report to.
  role text not null,
  -- What shares the sockets of a driver agent.
  host text not null,
  heartbeat_at timestamptz not null default now()
);

-- The newest change of each load balancer.
create table driver_delivery (
  load_balancer_id uuid primary key references load_balancer on delete cascade,
  driver_host_id text not null,
  delivered_at timestamptz not null default now()
);
