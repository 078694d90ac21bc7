/**
 * How an operation leaves the tree. One operation at a time works on a load balancer (row lock + ordered queue), so every
 * PENDING_* row below it belongs to the operation that ends: a handful of set-based statements settle any kind of change,
 * of one load balancer or of many. End states: controller-flow requirements, "What a failed flow leaves behind".
 */

import type { Operation, OperationKind } from '../../domain/operations.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Executor, Tx } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';
import { releasePendingDelete, releaseTrees } from '../resources/quotas.ts';
import { assignFailure, assignFirstFailure, type Failure, HAS_FAILURE } from './failures.ts';

export type ChildTable = 'listener' | 'pool' | 'member' | 'health_monitor' | 'l7policy' | 'l7rule';

const PENDING = sql.raw(`('PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE')`);

/**
 * Rows of a table that belong to load balancers. The parents are an array, not a join: whatever PostgreSQL knows of the
 * tables, it then looks children up in their index, and a outcome costs the same among a million of others.
 */
export function within(table: ChildTable, loadBalancerIds: readonly string[]): Sql {
  const own = sql`load_balancer_id = any(${loadBalancerIds}::uuid[])`;
  switch (table) {
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

/** What is below goes before what is above. */
export const CHILD_TABLES: readonly ChildTable[] = [
  'health_monitor',
  'member',
  'l7rule',
  'l7policy',
  'listener',
  'pool',
];

/** No heartbeat tells of these: in force is up. */
const UNMEASURED: (ChildTable | 'load_balancer')[] = ['health_monitor', 'l7policy', 'l7rule'];

const UP_OR_DOWN = sql`case when admin_state_up then 'ONLINE' else 'OFFLINE' end`;

/** `FORMER`: children as they were before they waited, the load balancer ACTIVE. */
type SettledStatus = 'ACTIVE' | 'ERROR' | 'FORMER';

/** Clients read when an object came to rest from `updated_at`: whatever waited has a time there from then on. */
const SETTLED_NOW = sql`updated_at = now()`;

/** What was in ERROR before it waited still has its failure, and nothing else has one: that is how both come back. */
function endOf(table: ChildTable | 'load_balancer', to: SettledStatus, failure: Failure | null): Sql {
  if (table === 'load_balancer' || to === 'ACTIVE') {
    return sql`provisioning_status = ${to === 'FORMER' ? 'ACTIVE' : to}, ${assignFailure(failure)}`;
  }
  if (failure) return sql`provisioning_status = 'ERROR', ${assignFirstFailure(failure)}`;
  return sql`provisioning_status = case when ${HAS_FAILURE} then 'ERROR' else 'ACTIVE' end`;
}

/** One statement for all tables: a outcome is as cheap as one round trip. */
async function setPending(
  tx: Tx,
  ids: readonly string[],
  to: SettledStatus,
  failure: Failure | null,
  operating: (table: ChildTable | 'load_balancer') => Sql | null = () => null,
  tables: readonly (ChildTable | 'load_balancer')[] = [...CHILD_TABLES, 'load_balancer'],
): Promise<void> {
  const updates = tables.map((table) => {
    const status = operating(table);
    const rows = table === 'load_balancer' ? sql`id = any(${ids}::uuid[])` : within(table, ids);
    return sql`${sql.ref(`settled_${table}`)} as (
      update ${sql.table(table)} as x set ${SETTLED_NOW}, ${endOf(table, to, failure)}
        ${status === null ? sql`` : sql`, operating_status = ${status}`}
      where ${rows} and provisioning_status in ${PENDING})`;
  });
  await sql`with ${sql.join(updates)} select 1`.execute(tx);
}

/**
 * Before anything else a outcome takes the lock that every request takes first: the load balancer, then quotas and what is
 * below it. In any other order the two could wait for each other.
 */
export async function lockTrees(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`select 1 from load_balancer where id = any(${ids}::uuid[]) order by id for no key update`.execute(tx);
}

/** Deletes the children that wait for it, and gives their quota back. The load balancers are locked. */
async function removePendingDelete(tx: Tx, ids: readonly string[]): Promise<void> {
  await releasePendingDelete(tx, ids);
  await sql`update member set operating_status = 'NO_MONITOR' where pool_id in (
    select pool_id from health_monitor
    where ${within('health_monitor', ids)} and provisioning_status = 'PENDING_DELETE')`.execute(tx);
  for (const table of CHILD_TABLES) {
    await sql`delete from ${sql.table(table)}
      where ${within(table, ids)} and provisioning_status = 'PENDING_DELETE'`.execute(tx);
  }
  await closePositions(tx, ids);
}

/** Positions of L7 policies stay dense when one goes. */
async function closePositions(tx: Tx, ids: readonly string[]): Promise<void> {
  await sql`update l7policy as p set position = dense.position from (
      select id, row_number() over (partition by listener_id order by position) as position
      from l7policy where ${within('l7policy', ids)}) as dense
    where dense.id = p.id and dense.position <> p.position`.execute(tx);
}

/** A failover leaves nothing waiting, whatever a former operation left behind. */
const removes = ({ kind }: Operation): boolean =>
  kind.startsWith('delete_') || kind === 'batch_update_members' || kind.startsWith('failover_');

/** The change is in force: deleted children go, everything that waited becomes ACTIVE. */
export async function succeed(tx: Tx, operation: Operation): Promise<void> {
  const ids = [operation.loadBalancerId];
  await lockTrees(tx, ids);
  if (removes(operation)) await removePendingDelete(tx, ids);
  await inForce(tx, ids);
}

const inForce = (tx: Tx, ids: readonly string[]): Promise<void> =>
  setPending(tx, ids, 'ACTIVE', null, (table) => (UNMEASURED.includes(table) ? UP_OR_DOWN : null));

/**
 * The same for many load balancers at once, which are locked and whose provider measures nothing: what heartbeats would tell
 * stays as it was at first.
 * @param removals whether anything may be PENDING_DELETE below them
 */
export async function succeedWithoutHealthReports(tx: Tx, ids: readonly string[], removals: boolean): Promise<void> {
  const doomed = removals ? await withPendingDelete(tx, ids) : [];
  if (doomed.length > 0) await removePendingDelete(tx, doomed);
  await inForce(tx, ids);
}

/** How children below others find their load balancer: through `parent`, which has its id. */
const PARENTS = {
  listener: sql``,
  pool: sql``,
  member: sql`join pool parent on parent.id = x.pool_id`,
  health_monitor: sql`join pool parent on parent.id = x.pool_id`,
  l7policy: sql`join listener parent on parent.id = x.listener_id`,
  l7rule: sql`join l7policy y on y.id = x.l7policy_id join listener parent on parent.id = y.listener_id`,
} as const satisfies Record<ChildTable, Sql>;

/** Those of the load balancers that have something PENDING_DELETE below them. */
async function withPendingDelete(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const parts = CHILD_TABLES.map(
    (table) => sql`select load_balancer_id from ${sql.table(table)} x ${PARENTS[table]}
      where x.${within(table, ids)} and x.provisioning_status = 'PENDING_DELETE'`,
  );
  const { rows } = await sql<{ id: string }>`
    select distinct load_balancer_id as id from (${sql.join(parts, sql` union all `)}) as doomed`.execute(tx);
  return rows.map(({ id }) => id);
}

/** The load balancer is gone: its row stays as DELETED for the purge, everything below goes now. */
export async function deleted(tx: Tx, operation: Operation): Promise<void> {
  await lockTrees(tx, [operation.loadBalancerId]);
  await deletedAll(tx, [operation.loadBalancerId]);
}

/** Load balancers that are locked. */
export async function deletedAll(tx: Tx, ids: readonly string[]): Promise<void> {
  await releaseTrees(tx, ids);
  await sql`delete from listener_statistics where listener_id in (
    select l.id from listener l where l.load_balancer_id = any(${ids}::uuid[]))`.execute(tx);
  await sql`delete from listener where load_balancer_id = any(${ids}::uuid[])`.execute(tx);
  await sql`delete from pool where load_balancer_id = any(${ids}::uuid[])`.execute(tx);
  await sql`update load_balancer set provisioning_status = 'DELETED', operating_status = 'OFFLINE',
    ${assignFailure(null)}, updated_at = now() where id = any(${ids}::uuid[])`.execute(tx);
}

/** The change failed and was undone: its object keeps the wish, the status ERROR and the reason; the rest is unlocked. */
export async function fail(tx: Tx, operation: Operation, failure: Failure): Promise<void> {
  const { kind, resourceType, resourceId, loadBalancerId } = operation;
  const ids = [loadBalancerId];
  await lockTrees(tx, ids);
  if (resourceType === 'amphora') {
    await failAmphora(tx, resourceId);
    if (kind !== 'failover_amphora') return;
  }
  if (resourceType === 'load_balancer' || resourceType === 'amphora') {
    await failTree(tx, ids, kind, failure);
    return;
  }
  const isBatch = kind === 'batch_update_members';
  const targets = isBatch ? (operation.input.memberIds ?? []) : [resourceId];
  const table = isBatch ? 'member' : resourceType;
  if (isBatch) await rememberWaited(tx, operation, targets);
  await sql`update ${sql.table(table)} set ${SETTLED_NOW}, provisioning_status = 'ERROR', ${assignFailure(failure)}
    where id = any(${targets}::uuid[]) and provisioning_status in ${PENDING}`.execute(tx);
  await setPending(tx, ids, 'FORMER', null);
}

/** Once they are in ERROR, the members of a batch no longer tell which of them it was to add and which to remove. */
async function rememberWaited(tx: Tx, { id }: Operation, memberIds: readonly string[]): Promise<void> {
  await sql`update operation set input = input || jsonb_build_object('waited', (
      select coalesce(jsonb_object_agg(m.id, m.provisioning_status), '{}') from member m
      where m.id = any(${memberIds}::uuid[]) and m.provisioning_status in ${PENDING}))
    where id = ${id}`.execute(tx);
}

/** What waits below a load balancer is in ERROR with it, unless it was in force before. */
async function failTree(tx: Tx, ids: readonly string[], kind: OperationKind, failure: Failure): Promise<void> {
  const never = kind === 'create_load_balancer' || kind.startsWith('failover_');
  await setPending(tx, ids, never ? 'ERROR' : 'FORMER', never ? failure : null, () => null, CHILD_TABLES);
  await setPending(tx, ids, 'ERROR', failure, () => null, ['load_balancer']);
}

/** An amphora that an operation failed on; it may be failed over or deleted. */
async function failAmphora(tx: Tx, amphoraId: string): Promise<void> {
  await sql`update amphora set status = 'ERROR', updated_at = now()
    where id = ${amphoraId} and status <> 'DELETED'`.execute(tx);
  await sql`update amphora_health set busy = false where amphora_id = ${amphoraId}`.execute(tx);
}

/** The change concerned one amphora alone: nothing waited for it. */
export async function amphoraDone(): Promise<void> {}

/**
 * What is in ERROR below the load balancer waits for the operation that brings all of it into force.
 * @param except ids of what is to be deleted: in force is not what was wished for it
 */
export async function markFailedPending(
  executor: Executor,
  loadBalancerId: string,
  except: readonly string[],
): Promise<void> {
  const updates = CHILD_TABLES.map(
    (table) => sql`${sql.ref(`reopened_${table}`)} as (
      update ${sql.table(table)} set provisioning_status = 'PENDING_UPDATE'
      where ${within(table, [loadBalancerId])} and provisioning_status = 'ERROR'
        and id <> all(${except}::uuid[]))`,
  );
  await sql`with ${sql.join(updates)} select 1`.execute(executor);
}

type ChildRef = { table: ChildTable; id: string };

async function each(children: readonly ChildRef[], work: (table: ChildTable, ids: string[]) => Promise<unknown>) {
  for (const [table, rows] of Map.groupBy(children, (child) => child.table)) {
    await work(
      table,
      rows.map(({ id }) => id),
    );
  }
}

/** These wait, where they are in ERROR, for the end of the operation that has brought them into force; until then with their failure. */
export async function markPending(executor: Executor, children: readonly ChildRef[]): Promise<void> {
  await each(children, (table, ids) =>
    sql`update ${sql.table(table)} set provisioning_status = 'PENDING_UPDATE'
      where id = any(${ids}::uuid[]) and provisioning_status = 'ERROR'`.execute(executor),
  );
}

/** The opposite: where they wait with others they are in ERROR as before, whatever becomes of the operation. */
export async function restoreError(executor: Executor, children: readonly ChildRef[]): Promise<void> {
  await each(children, (table, ids) =>
    sql`update ${sql.table(table)} set provisioning_status = 'ERROR'
      where id = any(${ids}::uuid[]) and provisioning_status = 'PENDING_UPDATE' and ${HAS_FAILURE}`.execute(executor),
  );
}

/** A listener that an amphora does without, while everything else of the operation is in force. */
export async function breakListener(executor: Executor, listenerId: string, failure: Failure): Promise<void> {
  await sql`update listener set provisioning_status = 'ERROR', ${assignFailure(failure)}
    where id = ${listenerId}`.execute(executor);
}

/** The listener's policies and rules that wait after a failure of this code are in ERROR as before. */
export async function restoreErrorBelow(executor: Executor, listenerId: string, code: ErrorCode): Promise<void> {
  const waits = sql`provisioning_status = 'PENDING_UPDATE' and status_code = ${code}`;
  await sql`with policies as (
      update l7policy set provisioning_status = 'ERROR' where listener_id = ${listenerId} and ${waits})
    update l7rule set provisioning_status = 'ERROR'
    where l7policy_id in (select id from l7policy where listener_id = ${listenerId}) and ${waits}`.execute(executor);
}

/** Amphora rows outlive their instance as DELETED until housekeeping purges them. */
export async function markAmphoraDeleted(executor: Executor, amphoraId: string): Promise<void> {
  await sql`update amphora set status = 'DELETED', updated_at = now() where id = ${amphoraId}`.execute(executor);
  await sql`delete from amphora_health where amphora_id = ${amphoraId}`.execute(executor);
}
