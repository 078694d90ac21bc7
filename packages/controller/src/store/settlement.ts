/**
 * How an operation leaves the tree. One operation at a time works on a load balancer (row lock + ordered queue), so every
 * PENDING_* row below it belongs to the operation that ends: a handful of set-based statements settle any kind of change.
 * End states: controller-flow requirements, "What a failed flow leaves behind".
 */
import { type RawBuilder, sql } from 'kysely';
import type { Operation } from '../domain/operations.ts';
import type { Executor, Tx } from './database.ts';

type ChildTable = 'listener' | 'pool' | 'member' | 'health_monitor';

const PENDING = sql.raw(`('PENDING_CREATE', 'PENDING_UPDATE', 'PENDING_DELETE')`);

/** Rows of a table that belong to a load balancer. */
function within(table: ChildTable, loadBalancerId: string): RawBuilder<unknown> {
  return table === 'listener' || table === 'pool'
    ? sql`load_balancer_id = ${loadBalancerId}`
    : sql`pool_id in (select id from pool where load_balancer_id = ${loadBalancerId})`;
}

const CHILD_TABLES: ChildTable[] = ['health_monitor', 'member', 'listener', 'pool'];

async function setPending(
  tx: Tx,
  loadBalancerId: string,
  to: 'ACTIVE' | 'ERROR',
  reason: string | null,
  tables: ChildTable[] = CHILD_TABLES,
): Promise<void> {
  for (const table of tables) {
    await sql`update ${sql.table(table)} set provisioning_status = ${to}, status_reason = ${reason}
      where ${within(table, loadBalancerId)} and provisioning_status in ${PENDING}`.execute(tx);
  }
}

async function setLoadBalancer(tx: Tx, id: string, to: 'ACTIVE' | 'ERROR', reason: string | null): Promise<void> {
  await sql`update load_balancer set provisioning_status = ${to}, status_reason = ${reason}
    where id = ${id} and provisioning_status in ${PENDING}`.execute(tx);
}

/** The change is in force: deleted children go, everything that waited becomes ACTIVE. */
export async function succeed(tx: Tx, operation: Operation): Promise<void> {
  const id = operation.loadBalancerId;
  if (operation.kind === 'delete_health_monitor') {
    await sql`update member set operating_status = 'NO_MONITOR' where pool_id in (
      select pool_id from health_monitor where id = ${operation.resourceId})`.execute(tx);
  }
  for (const table of CHILD_TABLES) {
    await sql`delete from ${sql.table(table)}
      where ${within(table, id)} and provisioning_status = 'PENDING_DELETE'`.execute(tx);
  }
  await sql`update health_monitor set operating_status = case when admin_state_up then 'ONLINE' else 'OFFLINE' end
    where ${within('health_monitor', id)} and provisioning_status in ${PENDING}`.execute(tx);
  await setPending(tx, id, 'ACTIVE', null);
  await setLoadBalancer(tx, id, 'ACTIVE', null);
}

/** The load balancer is gone: its row stays as DELETED for the purge, everything below goes now. */
export async function deleted(tx: Tx, operation: Operation): Promise<void> {
  const id = operation.loadBalancerId;
  await sql`delete from listener_statistics where listener_id in (select l.id from listener l where l.load_balancer_id = ${id})`.execute(
    tx,
  );
  await sql`delete from listener where load_balancer_id = ${id}`.execute(tx);
  await sql`delete from pool where load_balancer_id = ${id}`.execute(tx);
  await sql`update load_balancer set provisioning_status = 'DELETED', operating_status = 'OFFLINE', status_reason = null,
    updated_at = now() where id = ${id}`.execute(tx);
}

/** The change failed and was undone: its object keeps the wish, the status ERROR and the reason; the rest is unlocked. */
export async function fail(tx: Tx, operation: Operation, reason: string): Promise<void> {
  const { kind, resourceType, resourceId, loadBalancerId } = operation;
  if (resourceType === 'load_balancer') {
    await setPending(
      tx,
      loadBalancerId,
      kind === 'create_load_balancer' ? 'ERROR' : 'ACTIVE',
      kind === 'create_load_balancer' ? reason : null,
    );
    await setLoadBalancer(tx, loadBalancerId, 'ERROR', reason);
    return;
  }
  const targets = kind === 'batch_update_members' ? (operation.input.memberIds ?? []) : [resourceId];
  const table = kind === 'batch_update_members' ? 'member' : resourceType;
  await sql`update ${sql.table(table)} set provisioning_status = 'ERROR', status_reason = ${reason}
    where id = any(${targets}::uuid[]) and provisioning_status in ${PENDING}`.execute(tx);
  await setPending(tx, loadBalancerId, 'ACTIVE', null);
  await setLoadBalancer(tx, loadBalancerId, 'ACTIVE', null);
}

/** Amphora rows outlive their instance as DELETED until housekeeping purges them. */
export async function markAmphoraDeleted(executor: Executor, amphoraId: string): Promise<void> {
  await sql`update amphora set status = 'DELETED', updated_at = now() where id = ${amphoraId}`.execute(executor);
  await sql`delete from amphora_health where amphora_id = ${amphoraId}`.execute(executor);
}
