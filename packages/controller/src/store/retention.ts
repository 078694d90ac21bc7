import { sql } from 'kysely';
import type { Executor } from './database.ts';

/** A zombie that still reports keeps its row: its health row is then younger than the age. */
export async function purgeAmphorae(executor: Executor, age: number): Promise<number> {
  const result = await sql`
    delete from amphora a where a.status = 'DELETED' and a.updated_at < now() - make_interval(secs => ${age})
      and not exists (select 1 from amphora_health h
        where h.amphora_id = a.id and h.last_update > now() - make_interval(secs => ${age}))`.execute(executor);
  return Number(result.numAffectedRows ?? 0);
}

/** The history of operations goes with its load balancer. */
export async function purgeLoadBalancers(executor: Executor, age: number): Promise<number> {
  const result = await sql`
    with gone as (
      delete from load_balancer lb where lb.provisioning_status = 'DELETED'
        and lb.updated_at < now() - make_interval(secs => ${age}) returning lb.id),
    history as (delete from operation o using gone where o.load_balancer_id = gone.id)
    select 1 from gone`.execute(executor);
  return result.rows.length;
}
