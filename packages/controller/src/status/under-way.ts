/** What the steps of an operation find out about children before it ends. */

import { type ChildKind, DURING } from '../domain/status-transitions.ts';
import type { ErrorCode } from '../errors.ts';
import type { Executor } from '../store/core/database.ts';
import { sql } from '../store/core/sql.ts';
import type { Failure } from './failures.ts';
import { BOTTOM_UP, within } from './rows.ts';
import { transition } from './writer.ts';

/**
 * What is in ERROR below the load balancer waits for the operation that brings all of it into force.
 * @param except ids of what is to be deleted: in force is not what was wished for it
 */
export async function markFailedPending(
  executor: Executor,
  loadBalancerId: string,
  except: readonly string[],
): Promise<void> {
  const updates = BOTTOM_UP.map((kind) => {
    const rows = sql`${within(kind, [loadBalancerId])} and x.id <> all(${except}::uuid[])`;
    return sql`${sql.ref(`waiting_${kind}`)} as (${transition(kind, DURING.takenAlong, rows)})`;
  });
  await sql`with ${sql.join(updates)} select 1`.execute(executor);
}

export interface ChildRef {
  table: ChildKind;
  id: string;
}

async function each(executor: Executor, children: readonly ChildRef[], rule: 'takenAlong' | 'leftBehind') {
  for (const [kind, refs] of Map.groupBy(children, ({ table }) => table)) {
    const ids = refs.map(({ id }) => id);
    await transition(kind, DURING[rule], sql`x.id = any(${ids}::uuid[])`).execute(executor);
  }
}

/** These wait, where they are in ERROR, for the end of the operation that brings them into force; until then with their failure. */
export const markPending = (executor: Executor, children: readonly ChildRef[]): Promise<void> =>
  each(executor, children, 'takenAlong');

/** The opposite: where they wait with others they are in ERROR as before, whatever becomes of the operation. */
export const restoreError = (executor: Executor, children: readonly ChildRef[]): Promise<void> =>
  each(executor, children, 'leftBehind');

/** A listener that an amphora does without, while everything else of the operation is in force. */
export async function breakListener(executor: Executor, listenerId: string, failure: Failure): Promise<void> {
  await transition('listener', DURING.refusedListener, sql`x.id = ${listenerId}`, { failure }).execute(executor);
}

/** The listener's policies and rules that wait after a failure of this code are in ERROR as before. */
export async function restoreErrorBelow(executor: Executor, listenerId: string, code: ErrorCode): Promise<void> {
  const policies = transition(
    'l7policy',
    DURING.leftBehind,
    sql`x.listener_id = ${listenerId} and x.status_code = ${code}`,
  );
  const rules = transition(
    'l7rule',
    DURING.leftBehind,
    sql`x.l7policy_id in (select id from l7policy where listener_id = ${listenerId}) and x.status_code = ${code}`,
  );
  await sql`with policies as (${policies}) ${rules}`.execute(executor);
}
