/** Rows that go at the end of a change, with the quota they took. Their load balancers are locked. */

import { type ChildKind, UNMONITORED } from '../domain/status-transitions.ts';
import type { Tx } from '../store/core/database.ts';
import { sql } from '../store/core/sql.ts';
import { releaseObjects, releasePendingDelete, releaseTrees } from '../store/resources/quotas.ts';
import { BOTTOM_UP, LOAD_BALANCER_OF, within } from './rows.ts';
import { measured } from './writer.ts';

const IS_LEAVING = sql`x.provisioning_status = 'PENDING_DELETE'`;

/** Deletes the children that wait for it. */
export async function removePendingDelete(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  await releasePendingDelete(tx, loadBalancerIds);
  const unmonitored = sql`x.pool_id in (select pool_id from health_monitor x
    where ${within('health_monitor', loadBalancerIds)} and ${IS_LEAVING})`;
  await measured('member', sql.lit(UNMONITORED), unmonitored).execute(tx);
  for (const kind of BOTTOM_UP) {
    await sql`delete from ${sql.table(kind)} x where ${within(kind, loadBalancerIds)} and ${IS_LEAVING}`.execute(tx);
  }
  await closePositions(tx, loadBalancerIds);
}

/** Deletes children of one kind, with what is below them. */
export async function removeChildren(
  tx: Tx,
  kind: ChildKind,
  ids: readonly string[],
  loadBalancerIds: readonly string[],
): Promise<void> {
  await releaseObjects(tx, kind, ids);
  const isOne = sql`x.id = any(${ids}::uuid[])`;
  if (kind === 'health_monitor') {
    const unmonitored = sql`x.pool_id in (select pool_id from health_monitor x where ${isOne})`;
    await measured('member', sql.lit(UNMONITORED), unmonitored).execute(tx);
  }
  await sql`delete from ${sql.table(kind)} x where ${isOne}`.execute(tx);
  if (kind === 'l7policy') await closePositions(tx, loadBalancerIds);
}

/** Positions of L7 policies stay dense when one goes. */
async function closePositions(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  await sql`update l7policy as p set position = dense.position from (
      select id, row_number() over (partition by listener_id order by position) as position
      from l7policy where ${within('l7policy', loadBalancerIds)}) as dense
    where dense.id = p.id and dense.position <> p.position`.execute(tx);
}

/** Those of the load balancers that have something PENDING_DELETE below them. */
export async function withPendingDelete(tx: Tx, loadBalancerIds: readonly string[]): Promise<string[]> {
  const parts = BOTTOM_UP.map(
    (kind) => sql`select ${LOAD_BALANCER_OF[kind]} as id from ${sql.table(kind)} x
      where ${within(kind, loadBalancerIds)} and ${IS_LEAVING}`,
  );
  const { rows } = await sql<{ id: string }>`
    select distinct id from (${sql.join(parts, sql` union all `)}) as leaving`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Deletes everything below the load balancers. */
export async function removeTrees(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  await releaseTrees(tx, loadBalancerIds);
  const own = sql`load_balancer_id = any(${loadBalancerIds}::uuid[])`;
  await sql`delete from listener_statistics where listener_id in (select l.id from listener l where l.${own})`.execute(
    tx,
  );
  await sql`delete from listener where ${own}`.execute(tx);
  await sql`delete from pool where ${own}`.execute(tx);
}
