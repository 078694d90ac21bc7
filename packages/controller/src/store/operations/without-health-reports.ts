/** Load balancers of providers that carry nothing out: from PENDING to the end state in bulk. */

import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';
import { deletedAll, succeedWithoutHealthReports } from './outcome.ts';

/** Ids of what waits for one of these providers. */
export async function pendingUnder(executor: Executor, providers: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from load_balancer
    where provider = any(${providers}) and provisioning_status like 'PENDING\\_%'`.execute(executor);
  return rows.map(({ id }) => id);
}

interface Waiting {
  id: string;
  status: 'PENDING_CREATE' | 'PENDING_UPDATE' | 'PENDING_DELETE';
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
  const { rows } = await sql<Waiting>`
    select id, provisioning_status as status, ${SETTINGS} from load_balancer
    where id = any(${ids}::uuid[]) and provider = any(${providers}) and provisioning_status like 'PENDING\\_%'
    order by id for update`.execute(tx);
  const having = (wanted: Waiting['status']) => rows.filter(({ status }) => status === wanted).map(({ id }) => id);
  const [created, updated, doomed] = [having('PENDING_CREATE'), having('PENDING_UPDATE'), having('PENDING_DELETE')];
  // Nothing of a new load balancer can be on its way out.
  if (created.length > 0) await succeedWithoutHealthReports(tx, created, false);
  if (updated.length > 0) await succeedWithoutHealthReports(tx, updated, true);
  if (doomed.length > 0) await deletedAll(tx, doomed);
}
