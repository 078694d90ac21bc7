/** Where an object stands. */
import type { Executor } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

/** SQL: the load balancer of the row `t`, which hangs on others in as many ways as there are kinds. */
const OWNERS: Readonly<Record<string, Sql>> = {
  load_balancer: sql`select t.id as owner from load_balancer t`,
  listener: sql`select t.load_balancer_id as owner from listener t`,
  pool: sql`select t.load_balancer_id as owner from pool t`,
  member: sql`select p.load_balancer_id as owner from member t join pool p on p.id = t.pool_id`,
  health_monitor: sql`select p.load_balancer_id as owner from health_monitor t join pool p on p.id = t.pool_id`,
  l7policy: sql`select l.load_balancer_id as owner from l7policy t join listener l on l.id = t.listener_id`,
  l7rule: sql`select l.load_balancer_id as owner from l7rule t
    join l7policy y on y.id = t.l7policy_id join listener l on l.id = y.listener_id`,
};

/** @param table of the object @returns the id of its load balancer, null when there is no such object */
export async function ownerOf(executor: Executor, table: string, id: string): Promise<string | null> {
  const owners = OWNERS[table];
  if (owners === undefined) throw new Error(`Nothing of a load balancer is a ${table}`);
  const { rows } = await sql<{ owner: string }>`${owners} where t.id = ${id}`.execute(executor);
  return rows[0]?.owner ?? null;
}
