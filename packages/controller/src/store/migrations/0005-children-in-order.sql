-- The children of a load balancer in the order they are shown, from the index alone.
create index on listener (load_balancer_id, created_at, id);
create index on pool (load_balancer_id, created_at, id);
drop index pool_load_balancer_id_idx;
