/** Rows that nobody needs any more, removed in small bites so that nobody waits for a lock of ours. */

import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

const BITE = 500;

async function inBites(bite: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await bite();
    total += count;
    if (count < BITE) return total;
  }
}

/**
 * Deleted amphorae that are older than the age (seconds). A zombie that still reports keeps its row: its health row is then
 * younger than the age.
 */
export function purgeAmphorae(executor: Executor, age: number): Promise<number> {
  return inBites(async () => {
    const result = await sql`
      delete from amphora where id in (
        select a.id from amphora a where a.status = 'DELETED'
          and coalesce(a.updated_at, a.created_at) < now() - make_interval(secs => ${age})
          and not exists (select 1 from amphora_health h
            where h.amphora_id = a.id and h.last_update > now() - make_interval(secs => ${age}))
        limit ${BITE} for update skip locked)`.execute(executor);
    return result.count;
  });
}

/** The history of operations goes with its load balancer. */
export function purgeLoadBalancers(executor: Executor, age: number): Promise<number> {
  return inBites(async () => {
    const result = await sql`
      with gone as (
        delete from load_balancer where id in (
          select lb.id from load_balancer lb where lb.provisioning_status = 'DELETED'
            and coalesce(lb.updated_at, lb.created_at) < now() - make_interval(secs => ${age})
          limit ${BITE} for update skip locked)
        returning id),
      history as (delete from operation o using gone where o.load_balancer_id = gone.id)
      select 1 from gone`.execute(executor);
    return result.rows.length;
  });
}

/** Operations that ended before the age, except the newest few of each load balancer: the timeline of one that lives on. */
export function purgeOperations(executor: Executor, age: number, keep: number): Promise<number> {
  return inBites(async () => {
    const result = await sql`
      delete from operation where id in (
        select o.id from operation o where o.ended_at < now() - make_interval(secs => ${age})
          and (select count(*) from (select 1 from operation n where n.load_balancer_id = o.load_balancer_id
            and n.created_at > o.created_at limit ${keep}) as newer) >= ${keep}
        order by o.ended_at limit ${BITE})`.execute(executor);
    return result.count;
  });
}

/** Counters of listeners that are gone. */
export function purgeStatistics(executor: Executor): Promise<number> {
  return inBites(async () => {
    const result = await sql`
      delete from listener_statistics s where (s.listener_id, s.amphora_id) in (
        select t.listener_id, t.amphora_id from listener_statistics t
        where not exists (select 1 from listener l where l.id = t.listener_id) limit ${BITE})`.execute(executor);
    return result.count;
  });
}
