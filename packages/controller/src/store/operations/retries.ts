/** What failed for a cause that can pass, and is to be done again. */

import type { Operation, OperationKind, ResourceType } from '../../domain/operations.ts';
import type { Executor, Tx } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';
import { isAbout, repeats } from './failed-changes.ts';
import { assignFailure } from './failures.ts';
import { CHILDREN } from './recovery.ts';

export interface RetryRules {
  /** Codes of errors whose cause can pass. */
  causes: readonly string[];
  /** Repetitions of one wish. */
  most: number;
  /** Seconds before the first one; each further one waits twice as long. */
  firstAfterSeconds: number;
}

const RETRIED: OperationKind[] = [
  'create_load_balancer',
  'update_load_balancer',
  'delete_load_balancer',
  'failover_load_balancer',
  'failover_amphora',
];

/** Of `o`: the object it changed, or the members of the batch. */
const SUBJECTS = sql`case when o.kind = 'batch_update_members'
  then array(select jsonb_array_elements_text(o.input->'memberIds')::uuid) else array[o.resource_id] end`;

/** No later wish for the child `x` than that of `o`. */
const NEWEST = sql`not exists (select 1 from operation later
  where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at and ${isAbout('later', sql`x.id`)})`;

/** A child that is in ERROR because `o` failed. */
const childInError = (table: string): Sql => sql`select 1 from ${sql.table(table)} x
  where x.id = any(${SUBJECTS}) and x.provisioning_status = 'ERROR' and x.failed_operation_id = o.id and ${NEWEST}
    and (o.kind <> 'batch_update_members' or o.input ? 'waited')`;

/**
 * A later operation has got past what `o` failed at, and has left its child in ERROR all the same: the configuration is at
 * fault by now, not the way to the amphora. What is to be deleted is not in force by that.
 */
const OVERTAKEN = sql`o.kind not like 'delete\\_%' and o.kind <> 'batch_update_members' and exists (
  select 1 from operation later where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at
    and later.state = 'succeeded' and ${repeats(sql`later.id`)})`;

/**
 * Failed operations worth repeating now: the last of their load balancer, which is in ERROR because they failed, or the
 * last about a child that is, where the load balancer is free. A later wish of the user is a later operation, so nothing is
 * repeated against it.
 */
export async function retryable(executor: Executor, rules: RetryRules): Promise<string[]> {
  const { causes, most, firstAfterSeconds } = rules;
  const children = CHILDREN.map(([table]) => childInError(table));
  const { rows } = await sql<{ id: string }>`
    select o.id from operation o join load_balancer lb on lb.id = o.load_balancer_id
    where o.state = 'failed' and o.cause = any(${causes}::text[])
      and o.retry_number < ${most}
      and o.ended_at < now() - make_interval(secs => ${firstAfterSeconds}::float8 * power(2, o.retry_number))
      and o.ended_at > now() - make_interval(secs => ${firstAfterSeconds}::float8 * power(2, ${most}::int + 1) + 3600)
      and case when o.resource_type = any(${[...TABLES]}::text[])
        then lb.provisioning_status = 'ACTIVE' and exists (${sql.join(children, sql` union all `)}) and not (${OVERTAKEN})
        else o.kind = any(${RETRIED}::text[]) and lb.provisioning_status = 'ERROR' and lb.failed_operation_id = o.id
          and not exists (select 1 from operation later
            where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at)
        end
    order by o.created_at limit 20`.execute(executor);
  return rows.map(({ id }) => id);
}

const WAITING: Record<string, string> = { create: 'PENDING_CREATE', delete: 'PENDING_DELETE' };
const TABLES: ReadonlySet<string> = new Set(CHILDREN.map(([table]) => table));

/**
 * Makes what failed wait again, as it did before.
 * @param onlyItsFailure only what is in ERROR because the operation failed, below a load balancer that is not; otherwise in
 * whatever settled state
 * @returns false when it is not in that state (any more); nothing was written then
 */
export async function waitAgain(tx: Tx, operation: Operation, onlyItsFailure: boolean): Promise<boolean> {
  const { id, kind, resourceType, loadBalancerId } = operation;
  const waiting = waitingFor(kind);
  const isChild = TABLES.has(resourceType);
  const status = resourceType === 'load_balancer' ? waiting : 'PENDING_UPDATE';
  const settled = sql`provisioning_status in ('ACTIVE', 'ERROR')`;
  const broken = isChild
    ? sql`provisioning_status = 'ACTIVE'`
    : sql`provisioning_status = 'ERROR' and failed_operation_id = ${id}`;
  const { rows } = await sql`select 1 from load_balancer
    where id = ${loadBalancerId} and ${onlyItsFailure ? broken : settled} for no key update`.execute(tx);
  if (rows.length === 0) return false;
  if (isChild && !(await childWaitsAgain(tx, operation, waiting, onlyItsFailure))) return false;
  await sql`update load_balancer set provisioning_status = ${status}, ${assignFailure(null)}
    where id = ${loadBalancerId}`.execute(tx);
  // A failed create left its children in ERROR too.
  if (kind === 'create_load_balancer') {
    for (const [table, loadBalancer] of CHILDREN) {
      await sql`update ${sql.table(table)} as x set provisioning_status = 'PENDING_CREATE', ${assignFailure(null)}
        where ${sql.raw(loadBalancer)} = ${loadBalancerId} and x.provisioning_status = 'ERROR'
          and x.failed_operation_id = ${id}`.execute(tx);
    }
  }
  return true;
}

const waitingFor = (kind: OperationKind): string => WAITING[kind.split('_', 1)[0] ?? ''] ?? 'PENDING_UPDATE';

/** The load balancer is locked. @returns whether anything waits now */
async function childWaitsAgain(
  tx: Tx,
  { id, kind, resourceType, resourceId, input }: Operation,
  waiting: string,
  onlyItsFailure: boolean,
): Promise<boolean> {
  const isBatch = kind === 'batch_update_members';
  const table = isBatch ? 'member' : resourceType;
  const wishes = isBatch ? (input.waited ?? {}) : { [resourceId]: waiting };
  const condition = onlyItsFailure
    ? sql`x.provisioning_status = 'ERROR' and x.failed_operation_id = o.id and ${NEWEST}`
    : sql`x.provisioning_status in ('ACTIVE', 'ERROR')`;
  // Policies may send to a pool only after its deletion has failed.
  const isUsed =
    kind === 'delete_pool' ? sql`exists (select 1 from l7policy y where y.redirect_pool_id = x.id)` : sql`false`;
  const { count } = await sql`
    update ${sql.table(table)} x set provisioning_status = wish.value, ${assignFailure(null)}
    from jsonb_each_text(${JSON.stringify(wishes)}::jsonb) wish, operation o
    where x.id = wish.key::uuid and o.id = ${id} and ${condition} and not (${isUsed})`.execute(tx);
  if (count === 0) return false;
  if (isBatch) await poolWaits(tx, sql`${resourceId}::uuid`);
  else await parentsWait(tx, resourceType, resourceId);
  return true;
}

async function waits(tx: Tx, table: 'listener' | 'pool' | 'l7policy', which: Sql): Promise<void> {
  await sql`update ${sql.table(table)} x set provisioning_status = 'PENDING_UPDATE'
    where x.provisioning_status = 'ACTIVE' and ${which}`.execute(tx);
}

async function listenersWait(tx: Tx, poolId: Sql): Promise<void> {
  const redirects = sql`select 1 from l7policy y where y.listener_id = x.id and y.redirect_pool_id = ${poolId}`;
  await waits(tx, 'listener', sql`(x.default_pool_id = ${poolId} or exists (${redirects}))`);
}

async function poolWaits(tx: Tx, poolId: Sql): Promise<void> {
  await waits(tx, 'pool', sql`x.id = ${poolId}`);
  await listenersWait(tx, poolId);
}

/**
 * What a child hangs on waits with it, as it does when the change is asked for: that is how a refusal of the data plane is
 * known to be about this change. What is in ERROR stays there; it may have a repetition of its own to wait for.
 */
async function parentsWait(tx: Tx, type: ResourceType, id: string): Promise<void> {
  const policyId = type === 'l7rule' ? sql`(select r.l7policy_id from l7rule r where r.id = ${id})` : sql`${id}::uuid`;
  switch (type) {
    case 'pool':
      return listenersWait(tx, sql`${id}::uuid`);
    case 'member':
    case 'health_monitor':
      return poolWaits(tx, sql`(select b.pool_id from ${sql.table(type)} b where b.id = ${id})`);
    case 'l7rule':
      await waits(tx, 'l7policy', sql`x.id = ${policyId}`);
      return waits(tx, 'listener', sql`x.id = (select y.listener_id from l7policy y where y.id = ${policyId})`);
    case 'l7policy':
      return waits(tx, 'listener', sql`x.id = (select y.listener_id from l7policy y where y.id = ${policyId})`);
  }
}
