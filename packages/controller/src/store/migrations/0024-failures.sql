-- Why an object is in ERROR was known by its text alone. The code (from the catalogue of errors) and the operation that failed
-- stand beside the text now, so that decisions no longer depend on words.
do $$
declare
  resource text;
begin
  foreach resource in array array['load_balancer', 'listener', 'pool', 'member', 'health_monitor', 'l7policy', 'l7rule'] loop
    execute format('alter table %I add column status_code text, add column failed_operation_id uuid', resource);
  end loop;
end $$;

-- Operations of the release before that failed for an unexpected error had no code.
update operation set cause = case when abandon_reason is not null then 'OPERATION_ABANDONED' else 'UNEXPECTED_ERROR' end
where state = 'failed' and cause is null;

-- Objects that failed under the release before: the newest failed operation of their load balancer with the very text. This is
-- the last time that texts are compared.
do $$
declare
  resource record;
begin
  for resource in
    select * from (values
      ('load_balancer', 'x.id'),
      ('listener', 'x.load_balancer_id'),
      ('pool', 'x.load_balancer_id'),
      ('member', '(select p.load_balancer_id from pool p where p.id = x.pool_id)'),
      ('health_monitor', '(select p.load_balancer_id from pool p where p.id = x.pool_id)'),
      ('l7policy', '(select l.load_balancer_id from listener l where l.id = x.listener_id)'),
      ('l7rule', '(select l.load_balancer_id from l7policy y join listener l on l.id = y.listener_id
        where y.id = x.l7policy_id)')) as t(name, load_balancer)
  loop
    execute format($update$
      update %I x set
        failed_operation_id = (select o.id from operation o where o.load_balancer_id = %s and o.state = 'failed'
          and o.reason = x.status_reason order by o.created_at desc limit 1),
        status_code = coalesce(
          (select o.cause from operation o where o.load_balancer_id = %s and o.state = 'failed'
            and o.reason = x.status_reason order by o.created_at desc limit 1),
          case when starts_with(x.status_reason, 'HAProxy refused the configuration of listener ')
            then 'CONFIGURATION_REFUSED' else 'UNEXPECTED_ERROR' end)
      where x.status_reason is not null$update$, resource.name, resource.load_balancer, resource.load_balancer);
  end loop;
end $$;
