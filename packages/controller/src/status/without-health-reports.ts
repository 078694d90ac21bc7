/** Load balancers of providers that carry nothing out: from PENDING to the end state in bulk. */

import { CHANGES, PENDING, type Pending } from '../domain/status-transitions.ts';
import type { Executor, Tx } from '../store/core/database.ts';
import { sql } from '../store/core/sql.ts';
import { settle, succeedWithoutHealthReports } from './outcome.ts';
import { oneOf } from './writer.ts';

const WAITS = sql`provisioning_status in ${oneOf(PENDING)}`;

/** Ids of what waits for one of these providers. */
export async function pendingUnder(executor: Executor, providers: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from load_balancer where provider = any(${providers}) and ${WAITS}`.execute(executor);
  return rows.map(({ id }) => id);
}

/**
 * Set until the end of the transaction. The commit does not wait for the disk: what a crash undoes is PENDING again and
 * settled again. Statements of this size take longer to plan than to carry out: they are planned once, and by index whatever
 * the tables hold at that moment.
 */
const SETTINGS = sql`set_config('synchronous_commit', 'off', true),
  set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`;

/** Those of the load balancers that (still) wait. Locked in order of id, so that two batches cannot block each other. */
export async function settleWithoutHealthReports(
  tx: Tx,
  ids: readonly string[],
  providers: readonly string[],
): Promise<void> {
  const { rows } = await sql<{ id: string; status: Pending }>`
    select id, provisioning_status as status, ${SETTINGS} from load_balancer
    where id = any(${ids}::uuid[]) and provider = any(${providers}) and ${WAITS}
    order by id for update`.execute(tx);
  const having = (wanted: Pending) => rows.filter(({ status }) => status === wanted).map(({ id }) => id);
  const [created, updated, leaving] = PENDING.map(having);
  // Nothing of a new load balancer can be on its way out.
  if (created?.length) await succeedWithoutHealthReports(tx, created, false);
  if (updated?.length) await succeedWithoutHealthReports(tx, updated, true);
  if (leaving?.length) await settle(tx, leaving, CHANGES.delete_load_balancer.succeeded);
}
