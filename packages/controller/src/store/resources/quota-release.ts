/**
 * Quota that comes back when objects are really gone. Called under the lock of the load balancers and right before their
 * rows are deleted, while it can still be counted what goes: a pool takes its members and monitor along, a listener its
 * policies and rules, a load balancer everything.
 */
import { type RawBuilder, sql } from 'kysely';
import { QUOTA_KINDS, type QuotaKind } from '../../domain/quotas.ts';
import type { Tx } from '../core/database.ts';

type Leaving = Record<QuotaKind, RawBuilder<unknown>>;

/** @param leaving one query per kind that gives the `project_id` of each object that goes */
async function release(tx: Tx, leaving: Partial<Leaving>): Promise<void> {
  const kinds = Object.keys(leaving) as QuotaKind[];
  const parts = kinds.map((kind) => sql`select project_id, ${sql.lit(kind)} as kind from (${leaving[kind]}) as gone`);
  const assignments = kinds.map((kind) => {
    const column = sql.ref(`${QUOTA_KINDS[kind].column}_in_use`);
    const count = sql`(select n from counted c where c.project_id = q.project_id and c.kind = ${sql.lit(kind)})`;
    return sql`${column} = greatest(0, ${column} - coalesce(${count}, 0))`;
  });
  // Locked in order of project: settlements of several load balancers may meet.
  await sql`
    with counted as materialized (
      select project_id, kind, count(*)::integer as n from (${sql.join(parts, sql` union all `)}) as all_gone
      group by project_id, kind),
    locked as materialized (
      select project_id from quota where project_id in (select project_id from counted) order by project_id for update)
    update quota q set ${sql.join(assignments)} from locked where q.project_id = locked.project_id`.execute(tx);
}

const DOOMED = sql`provisioning_status = 'PENDING_DELETE'`;

/** Children of these load balancers that are PENDING_DELETE, with what hangs on them. */
export async function releasePendingDelete(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  const within = sql`load_balancer_id = any(${loadBalancerIds}::uuid[])`;
  const ofPool = (table: string) => sql`
    select x.project_id from pool p join ${sql.table(table)} x on x.pool_id = p.id
    where p.${within} and x.pool_id = any(array(select id from pool where ${within})) and (x.${DOOMED} or p.${DOOMED})`;
  await release(tx, {
    listener: sql`select project_id from listener where ${within} and ${DOOMED}`,
    pool: sql`select project_id from pool where ${within} and ${DOOMED}`,
    member: ofPool('member'),
    healthMonitor: ofPool('health_monitor'),
    l7policy: sql`select y.project_id from listener l join l7policy y on y.listener_id = l.id
      where l.${within} and (y.${DOOMED} or l.${DOOMED})`,
    l7rule: sql`select r.project_id from listener l join l7policy y on y.listener_id = l.id
      join l7rule r on r.l7policy_id = y.id where l.${within} and (r.${DOOMED} or y.${DOOMED} or l.${DOOMED})`,
  });
}

/** Whole load balancers. */
export async function releaseTrees(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  const within = sql`load_balancer_id = any(${loadBalancerIds}::uuid[])`;
  const ofPool = (table: string) =>
    sql`select x.project_id from pool p join ${sql.table(table)} x on x.pool_id = p.id where p.${within}`;
  await release(tx, {
    loadBalancer: sql`select project_id from load_balancer
      where id = any(${loadBalancerIds}::uuid[]) and provisioning_status <> 'DELETED'`,
    listener: sql`select project_id from listener where ${within}`,
    pool: sql`select project_id from pool where ${within}`,
    member: ofPool('member'),
    healthMonitor: ofPool('health_monitor'),
    l7policy: sql`select y.project_id from listener l join l7policy y on y.listener_id = l.id where l.${within}`,
    l7rule: sql`select r.project_id from listener l join l7policy y on y.listener_id = l.id
      join l7rule r on r.l7policy_id = y.id where l.${within}`,
  });
}
