/** What nobody works on although something says so, and what an operator sets by hand. */

import { CHILD_ABANDONED, CHILD_KINDS, LOAD_BALANCER_ABANDONED, PENDING, RESET } from '../domain/status-transitions.ts';
import type { Executor, Tx } from '../store/core/database.ts';
import { sql } from '../store/core/sql.ts';
import type { Failure } from './failures.ts';
import { settle } from './outcome.ts';
import { LOAD_BALANCER_OF, lockTrees } from './rows.ts';
import { assignments, isAffected, oneOf } from './writer.ts';

const WAITS = sql`lb.provisioning_status in ${oneOf(PENDING)}`;
const NO_OWNER = sql`not exists (select 1 from operation o where o.load_balancer_id = lb.id and o.ended_at is null)`;

/** Load balancers of the providers that wait for an operation nobody has accepted. */
export async function stuckLoadBalancers(executor: Executor, providers: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select lb.id from load_balancer lb
    where ${WAITS} and lb.provider = any(${providers}::text[]) and ${NO_OWNER}
    order by lb.id limit 1000`.execute(executor);
  return rows.map(({ id }) => id);
}

/**
 * Ends the wait: the load balancer is in ERROR with the failure, from where failover and delete are legal.
 * @returns false when it has an owner, or does not wait (any more)
 */
export async function settleStuck(tx: Tx, loadBalancerId: string, failure: Failure): Promise<boolean> {
  const { rows } = await sql`
    select 1 from load_balancer lb where lb.id = ${loadBalancerId} and ${WAITS} and ${NO_OWNER} for update`.execute(tx);
  if (rows.length === 0) return false;
  await settle(tx, [loadBalancerId], LOAD_BALANCER_ABANDONED, { failure });
  return true;
}

/**
 * Children that wait although their load balancer does not: they get ERROR with the failure, unless somebody has the load
 * balancer at the moment. Walks whole tables; not for every second.
 * @param restedSeconds since when the load balancer must have been at rest
 */
export async function settleStuckChildren(
  executor: Executor,
  providers: readonly string[],
  failure: Failure,
  restedSeconds = 0,
): Promise<string[]> {
  const settled: string[] = [];
  const rested = sql`coalesce(lb.updated_at, lb.created_at) <= now() - make_interval(secs => ${restedSeconds}::float8)`;
  const isStuck = isAffected(CHILD_ABANDONED);
  for (const kind of CHILD_KINDS) {
    const { rows } = await sql<{ id: string }>`
      with held as materialized (
        select lb.id from load_balancer lb
        where lb.id in (select ${LOAD_BALANCER_OF[kind]} from ${sql.table(kind)} x where ${isStuck})
          and not ${WAITS} and lb.provider = any(${providers}::text[]) and ${NO_OWNER} and ${rested}
        order by lb.id for no key update skip locked)
      update ${sql.table(kind)} as x set ${assignments(kind, CHILD_ABANDONED, { failure, settles: true })}
      from held where ${isStuck} and held.id = ${LOAD_BALANCER_OF[kind]} returning x.id`.execute(executor);
    settled.push(...rows.map(({ id }) => id));
  }
  return settled;
}

/** Marks of amphorae that say an operation is at work when none is. */
export async function releaseUnownedAmphorae(executor: Executor): Promise<string[]> {
  const unowned = sql`not exists (select 1 from operation o
    where o.ended_at is null and o.load_balancer_id = coalesce(a.load_balancer_id, a.id))`;
  const { rows } = await sql<{ id: string }>`
    with idle as (
      update amphora_health h set busy = false from amphora a
      where a.id = h.amphora_id and h.busy and ${unowned} returning a.id),
    renewable as (update amphora a set cert_busy = false where a.cert_busy and ${unowned} returning a.id)
    select id from idle union select id from renewable`.execute(executor);
  return rows.map(({ id }) => id);
}

/** Gives the load balancer and everything below it that waits (for ACTIVE: or is in ERROR) the status, by hand. */
export async function resetStatuses(
  tx: Tx,
  loadBalancerId: string,
  status: 'ACTIVE' | 'ERROR',
  failure: Failure | null,
): Promise<void> {
  await lockTrees(tx, [loadBalancerId]);
  await settle(tx, [loadBalancerId], RESET[status], { failure });
}
