/**
 * Children whose newest operation failed: their rows hold a wish that is not in force, or was not then. They are in ERROR, or
 * wait with what is being changed below them; the failure they keep until then tells these from others.
 */

import { OF_SEVERAL } from '../domain/operations.ts';
import { CHANGES, PENDING } from '../domain/status-transitions.ts';
import type { Executor } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import { HAS_FAILURE } from './failures.ts';
import { BOTTOM_UP, within } from './rows.ts';
import type { ChildRef } from './under-way.ts';

export interface FailedChange extends ChildRef {
  /** What it waited for; null for one of several that did not keep it. */
  waited: string | null;
  /** Whether the step that failed then is a step that the given operation has begun or done. */
  repeated: boolean;
}

/** SQL: the operation `o` is about several children. */
export const isOfSeveral = (operation: string): Sql =>
  sql`${sql.raw(operation)}.kind in (${sql.join(OF_SEVERAL.map(sql.lit))})`;

/** Whether an operation is about the child: by itself, or as one of several. */
export const isAbout = (operation: string, childId: Sql): Sql => {
  const o = sql.raw(operation);
  return sql`((${o}.resource_id = ${childId} and not ${isOfSeveral(operation)})
    or (${isOfSeveral(operation)} and ${o}.input->'memberIds' ? (${childId})::text))`;
};

/** The step that failed of an operation, and ended it. */
const FAILED_STEP = sql`(select s.name from operation_step s
  where s.operation_id = o.id and s.phase = 'do' and s.state = 'failed' order by s.number limit 1)`;

/** Whether an operation got to the step that `o` failed at. */
export const repeats = (operationId: Sql): Sql =>
  sql`exists (select 1 from operation_step again
    where again.operation_id = ${operationId} and again.phase = 'do' and again.name = ${FAILED_STEP})`;

/** SQL: what the object of `o` waited for. */
const WAITED = sql.join(
  PENDING.map((waited) => {
    const kinds = Object.entries(CHANGES).flatMap(([kind, { waitsFor }]) => (waitsFor === waited ? [kind] : []));
    return sql`when o.kind = any(${kinds}::text[]) then ${sql.lit(waited)}`;
  }),
  sql` `,
);

/**
 * @param causes codes of errors whose cause can pass: children whose operation failed for another are not meant
 * @param operationId of the one that is at work on the load balancer
 */
export async function failedChanges(
  executor: Executor,
  loadBalancerId: string,
  causes: readonly string[],
  operationId: string,
): Promise<FailedChange[]> {
  const broken = BOTTOM_UP.map(
    (kind) => sql`select ${sql.lit(kind)}::text as "table", id, failed_operation_id from ${sql.table(kind)}
      where ${within(kind, [loadBalancerId])} and provisioning_status in ('ERROR', 'PENDING_UPDATE') and ${HAS_FAILURE}`,
  );
  const { rows } = await sql<FailedChange>`
    select x.table, x.id, ${repeats(sql`${operationId}::uuid`)} as repeated,
      case when ${isOfSeveral('o')} then o.input->'waited'->>x.id::text ${WAITED} end as waited
    from (${sql.join(broken, sql` union all `)}) as x
    join lateral (
      select * from operation n where n.load_balancer_id = ${loadBalancerId} and ${isAbout('n', sql`x.id`)}
      order by n.created_at desc limit 1) as o
      on o.state = 'failed' and o.cause = any(${causes}::text[]) and o.id = x.failed_operation_id`.execute(executor);
  return rows;
}
