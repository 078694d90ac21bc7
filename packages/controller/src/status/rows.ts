/** Where the rows of a tree are: tables have the names of their kinds. */

import type { ChildKind } from '../domain/status-transitions.ts';
import type { Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';

/** What is below goes before what is above. */
export const BOTTOM_UP: readonly ChildKind[] = ['health_monitor', 'member', 'l7rule', 'l7policy', 'listener', 'pool'];

/**
 * SQL: rows of a kind that belong to load balancers. The parents are an array, not a join: whatever PostgreSQL knows of the
 * tables, it then looks children up in their index, and an outcome costs the same among a million of others.
 */
export function within(kind: ChildKind, loadBalancerIds: readonly string[]): Sql {
  const own = sql`load_balancer_id = any(${loadBalancerIds}::uuid[])`;
  switch (kind) {
    case 'listener':
    case 'pool':
      return own;
    case 'member':
    case 'health_monitor':
      return sql`pool_id = any(array(select id from pool where ${own}))`;
    case 'l7policy':
      return sql`listener_id = any(array(select id from listener where ${own}))`;
    case 'l7rule':
      return sql`l7policy_id = any(array(
        select id from l7policy where listener_id = any(array(select id from listener where ${own}))))`;
  }
}

const OF_POOL = sql`(select p.load_balancer_id from pool p where p.id = x.pool_id)`;

/** SQL: the load balancer of a row `x`. */
export const LOAD_BALANCER_OF: Readonly<Record<ChildKind, Sql>> = {
  listener: sql`x.load_balancer_id`,
  pool: sql`x.load_balancer_id`,
  member: OF_POOL,
  health_monitor: OF_POOL,
  l7policy: sql`(select l.load_balancer_id from listener l where l.id = x.listener_id)`,
  l7rule: sql`(select l.load_balancer_id from l7policy y join listener l on l.id = y.listener_id
    where y.id = x.l7policy_id)`,
};

/**
 * Before anything else an outcome takes the lock that every request takes first: the load balancer, then quotas and what is
 * below it. In any other order the two could wait for each other.
 */
export async function lockTrees(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  await sql`select 1 from load_balancer where id = any(${loadBalancerIds}::uuid[])
    order by id for no key update`.execute(tx);
}
