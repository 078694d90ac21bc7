/** What nobody works on although something says so. */

import type { Operation } from '../../domain/operations.ts';
import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';
import { assignFailure, type Failure } from './failures.ts';
import { fail, lockTrees } from './outcome.ts';

const PENDING = sql.raw(`('PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE')`);
const NO_OWNER = (id: string) =>
  sql`not exists (select 1 from operation o where o.load_balancer_id = ${sql.ref(id)} and o.ended_at is null)`;

/** Load balancers of the providers that wait for an operation nobody has accepted. */
export async function stuckLoadBalancers(executor: Executor, providers: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select lb.id from load_balancer lb
    where lb.provisioning_status in ${PENDING} and lb.provider = any(${providers}::text[]) and ${NO_OWNER('lb.id')}
    order by lb.id limit 1000`.execute(executor);
  return rows.map(({ id }) => id);
}

/**
 * Ends the wait: the load balancer is in ERROR with the failure, from where failover and delete are legal.
 * @returns false when it has an owner, or does not wait (any more)
 */
export async function settleStuck(tx: Tx, loadBalancerId: string, failure: Failure): Promise<boolean> {
  const { rows } = await sql`
    select 1 from load_balancer lb
    where lb.id = ${loadBalancerId} and lb.provisioning_status in ${PENDING} and ${NO_OWNER('lb.id')}
    for update`.execute(tx);
  if (rows.length === 0) return false;
  await fail(tx, { kind: 'update_load_balancer', resourceType: 'load_balancer', loadBalancerId } as Operation, failure);
  return true;
}

/** Tables below a load balancer, and how a row `x` of them finds it. */
export const CHILDREN: [table: string, loadBalancer: string][] = [
  ['listener', 'x.load_balancer_id'],
  ['pool', 'x.load_balancer_id'],
  ['member', '(select p.load_balancer_id from pool p where p.id = x.pool_id)'],
  ['health_monitor', '(select p.load_balancer_id from pool p where p.id = x.pool_id)'],
  ['l7policy', '(select l.load_balancer_id from listener l where l.id = x.listener_id)'],
  [
    'l7rule',
    '(select l.load_balancer_id from l7policy y join listener l on l.id = y.listener_id where y.id = x.l7policy_id)',
  ],
];

/**
 * Children that wait although their load balancer does not: they get ERROR with the failure, unless somebody has the load
 * balancer at the moment. Walks whole tables; not for every second.
 */
export async function settleStuckChildren(
  executor: Executor,
  providers: readonly string[],
  failure: Failure,
): Promise<string[]> {
  const settled: string[] = [];
  for (const [table, loadBalancer] of CHILDREN) {
    const { rows } = await sql<{ id: string }>`
      with held as materialized (
        select lb.id from load_balancer lb
        where lb.id in (select ${sql.raw(loadBalancer)} from ${sql.table(table)} x where x.provisioning_status in ${PENDING})
          and lb.provisioning_status not in ${PENDING} and lb.provider = any(${providers}::text[])
          and ${NO_OWNER('lb.id')}
        order by lb.id for no key update skip locked)
      update ${sql.table(table)} as x set provisioning_status = 'ERROR', ${assignFailure(failure)},
        updated_at = now()
      from held where x.provisioning_status in ${PENDING} and held.id = ${sql.raw(loadBalancer)} returning x.id`.execute(
      executor,
    );
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

/** Gives the load balancer and everything below it that waits or is in ERROR the status, by hand. */
export async function resetStatuses(
  tx: Tx,
  loadBalancerId: string,
  status: 'ACTIVE' | 'ERROR',
  failure: Failure | null,
): Promise<void> {
  const wrong =
    status === 'ACTIVE' ? sql.raw(`('PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE', 'ERROR')`) : PENDING;
  await lockTrees(tx, [loadBalancerId]);
  for (const [table, loadBalancer] of CHILDREN) {
    await sql`update ${sql.table(table)} as x set provisioning_status = ${status}, ${assignFailure(failure)}, updated_at = now()
      where ${sql.raw(loadBalancer)} = ${loadBalancerId} and x.provisioning_status in ${wrong}`.execute(tx);
  }
  await sql`update load_balancer set provisioning_status = ${status}, ${assignFailure(failure)}, updated_at = now()
    where id = ${loadBalancerId} and provisioning_status <> 'DELETED'`.execute(tx);
}
