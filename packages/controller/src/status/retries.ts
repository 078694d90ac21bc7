/** What failed for a cause that can pass, and is to be done again. */

import type { Operation, OperationKind } from '../domain/operations.ts';
import {
  CHANGES,
  CHILD_KINDS,
  type Change,
  type ChildKind,
  changeOf,
  REPEATED_BY_HAND,
  RETRIED,
  type RetryTransitions,
} from '../domain/status-transitions.ts';
import type { Executor, Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import { isAbout, isOfSeveral, repeats } from './failed-changes.ts';
import { BOTTOM_UP, within } from './rows.ts';
import { above, type Keys } from './waiting.ts';
import { assignments, isAffected, transition } from './writer.ts';

export interface RetryRules {
  /** Codes of errors whose cause can pass. */
  causes: readonly string[];
  /** Retries of one wish. */
  most: number;
  /** Seconds before the first one; each further one waits twice as long. */
  firstAfterSeconds: number;
}

const isOfChild = ({ object }: Change): boolean => object !== null && object !== 'load_balancer';

const kindsWhere = (condition: (change: Change) => boolean): OperationKind[] =>
  (Object.keys(CHANGES) as OperationKind[]).filter((kind) => condition(CHANGES[kind]));

const OF_CHILDREN = kindsWhere((change) => change.retried && isOfChild(change));
const OF_LOAD_BALANCERS = kindsWhere((change) => change.retried && !isOfChild(change));
const APPLYING = kindsWhere(({ waitsFor }) => waitsFor === 'PENDING_CREATE' || waitsFor === 'PENDING_UPDATE');

/** Of `o`: the object it changed, or each of several. */
const SUBJECTS = sql`case when ${isOfSeveral('o')}
  then array(select jsonb_array_elements_text(o.input->'memberIds')::uuid) else array[o.resource_id] end`;

/** No later wish for the child `x` than that of `o`. */
const NEWEST = sql`not exists (select 1 from operation later
  where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at and ${isAbout('later', sql`x.id`)})`;

/** The child `x` is in ERROR because `o` failed, and nothing else was wished for it since. */
const FAILED_WITH_IT = sql`${isAffected(RETRIED.object)} and x.failed_operation_id = o.id and ${NEWEST}`;

const childInError = (kind: ChildKind): Sql => sql`select 1 from ${sql.table(kind)} x
  where x.id = any(${SUBJECTS}) and ${FAILED_WITH_IT} and (not ${isOfSeveral('o')} or o.input ? 'waited')`;

/**
 * A later operation has got past what `o` failed at, and has left its child in ERROR all the same: the configuration is at
 * fault by now, not the way to the amphora. What is to be deleted is not in force by that.
 */
const OVERTAKEN = sql`o.kind = any(${APPLYING}::text[]) and exists (
  select 1 from operation later where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at
    and later.state = 'succeeded' and ${repeats(sql`later.id`)})`;

/**
 * Failed operations worth repeating now: the last of their load balancer, which is in ERROR because they failed, or the
 * last about a child that is, where the load balancer is free. A later wish of the user is a later operation, so nothing is
 * repeated against it.
 */
export async function retryable(executor: Executor, rules: RetryRules): Promise<string[]> {
  const { causes, most, firstAfterSeconds } = rules;
  const children = CHILD_KINDS.map(childInError);
  const { rows } = await sql<{ id: string }>`
    select o.id from operation o join load_balancer x on x.id = o.load_balancer_id
    where o.state = 'failed' and o.cause = any(${causes}::text[])
      and o.retry_number < ${most}
      and o.ended_at < now() - make_interval(secs => ${firstAfterSeconds}::float8 * power(2, o.retry_number))
      and o.ended_at > now() - make_interval(secs => ${firstAfterSeconds}::float8 * power(2, ${most}::int + 1) + 3600)
      and case when o.kind = any(${OF_CHILDREN}::text[])
        then ${isAffected(RETRIED.loadBalancerOfChild)} and exists (${sql.join(children, sql` union all `)})
          and not (${OVERTAKEN})
        else o.kind = any(${OF_LOAD_BALANCERS}::text[]) and ${isAffected(RETRIED.loadBalancer)}
          and x.failed_operation_id = o.id
          and not exists (select 1 from operation later
            where later.load_balancer_id = o.load_balancer_id and later.created_at > o.created_at)
        end
    order by o.created_at limit 20`.execute(executor);
  return rows.map(({ id }) => id);
}

/**
 * Makes what failed wait again, as it did before.
 * @param byItself only what is in ERROR because the operation failed, below a load balancer that is not; otherwise in
 * whatever settled state
 * @returns false when it is not in that state (any more); nothing was written then
 */
export async function waitAgain(tx: Tx, operation: Operation, byItself: boolean): Promise<boolean> {
  const { id, loadBalancerId } = operation;
  const change = changeOf(operation);
  const rules = byItself ? RETRIED : REPEATED_BY_HAND;
  const isChild = isOfChild(change);
  const rule = isChild ? rules.loadBalancerOfChild : rules.loadBalancer;
  const isItsFailure = byItself && !isChild ? sql` and x.failed_operation_id = ${id}` : sql``;
  const { rows } = await sql`select 1 from load_balancer x
    where x.id = ${loadBalancerId} and ${isAffected(rule)}${isItsFailure} for no key update`.execute(tx);
  if (rows.length === 0) return false;
  if (isChild && !(await childWaitsAgain(tx, operation, change, rules, byItself))) return false;
  const wish = sql.lit(change.loadBalancer ?? 'PENDING_UPDATE');
  await transition('load_balancer', rule, sql`x.id = ${loadBalancerId}`, { wish }).execute(tx);
  if (operation.kind === 'create_load_balancer') await createdWaitAgain(tx, operation, rules);
  return true;
}

/** A failed create left its children in ERROR too. */
async function createdWaitAgain(tx: Tx, { id, loadBalancerId }: Operation, rules: RetryTransitions): Promise<void> {
  const updates = BOTTOM_UP.map((kind) => {
    const rows = sql`${within(kind, [loadBalancerId])} and x.failed_operation_id = ${id}`;
    return transition(kind, rules.createdBelow, rows, { wish: sql.lit('PENDING_CREATE') });
  });
  const parts = updates.map((update, index) => sql`${sql.ref(`waiting_${index}`)} as (${update})`);
  await sql`with ${sql.join(parts)} select 1`.execute(tx);
}

/** The load balancer is locked. @returns whether anything waits now */
async function childWaitsAgain(
  tx: Tx,
  operation: Operation,
  { object, waitsFor }: Change,
  rules: RetryTransitions,
  byItself: boolean,
): Promise<boolean> {
  const { id, kind, resourceId, loadBalancerId, input } = operation;
  if (object === 'children') return childrenWaitAgain(tx, operation, rules, byItself);
  const child = object as ChildKind;
  const isBatch = kind === 'batch_update_members';
  const wishes = isBatch ? (input.waited ?? {}) : { [resourceId]: waitsFor };
  const condition = byItself ? FAILED_WITH_IT : isAffected(rules.object);
  // Policies may send to a pool only after its deletion has failed.
  const isUsed =
    kind === 'delete_pool' ? sql`exists (select 1 from l7policy y where y.redirect_pool_id = x.id)` : sql`false`;
  const { count } = await sql`
    update ${sql.table(child)} as x set ${assignments(child, rules.object, { wish: sql`wish.value` })}
    from jsonb_each_text(${JSON.stringify(wishes)}::jsonb) wish, operation o
    where x.id = wish.key::uuid and o.id = ${id} and ${condition} and not (${isUsed})`.execute(tx);
  if (count === 0) return false;
  const keys = isBatch ? { pool: sql`${resourceId}::uuid` } : keysOf(child, resourceId);
  // What it hangs on waits as it does when the change is asked for: that is how a refusal of the data plane is known to be
  // about this change.
  const parts = above(child, loadBalancerId, keys, rules.above);
  if (parts.length > 0) await sql`with ${sql.join(parts)} select 1`.execute(tx);
  return true;
}

/** The same for children of every kind; whatever can stand above them waits with them. */
async function childrenWaitAgain(
  tx: Tx,
  { id, loadBalancerId, input }: Operation,
  rules: RetryTransitions,
  byItself: boolean,
): Promise<boolean> {
  const condition = byItself ? FAILED_WITH_IT : isAffected(rules.object);
  const wishes = JSON.stringify(input.waited ?? {});
  // Policies may send to a pool only after its deletion has failed; those that go with it do no harm.
  const goes = (id: string) => sql`coalesce(${wishes}::jsonb->>(${sql.ref(`y.${id}`)})::text, '') = 'PENDING_DELETE'`;
  const isUsed = sql`wish.value = 'PENDING_DELETE' and exists (select 1 from l7policy y
    where y.redirect_pool_id = x.id and not (${goes('id')} or ${goes('listener_id')}))`;
  const updates = CHILD_KINDS.map(
    (kind) => sql`${sql.ref(`again_${kind}`)} as (
      update ${sql.table(kind)} as x set ${assignments(kind, rules.object, { wish: sql`wish.value` })}
      from jsonb_each_text(${wishes}::jsonb) wish, operation o
      where x.id = wish.key::uuid and o.id = ${id} and ${condition}
        and not (${kind === 'pool' ? isUsed : sql`false`}) returning x.id)`,
  );
  const counts = CHILD_KINDS.map((kind) => sql`select id from ${sql.ref(`again_${kind}`)}`);
  const { rows } = await sql`with ${sql.join(updates)} ${sql.join(counts, sql` union all `)}`.execute(tx);
  if (rows.length === 0) return false;
  const parts = (['pool', 'listener', 'l7policy'] as const).map(
    (kind) => sql`${sql.ref(`waiting_${kind}`)} as (
      ${transition(kind, rules.above, within(kind, [loadBalancerId]))})`,
  );
  await sql`with ${sql.join(parts)} select 1`.execute(tx);
  return true;
}

/** SQL: what leads from a child that is there to what it hangs on. */
function keysOf(kind: ChildKind, id: string): Keys {
  const key = (column: string) => sql`(select b.${sql.ref(column)} from ${sql.table(kind)} b where b.id = ${id})`;
  switch (kind) {
    case 'listener':
      return {};
    case 'pool':
      return { pool: sql`${id}::uuid` };
    case 'member':
    case 'health_monitor':
      return { pool: key('pool_id') };
    case 'l7policy':
      return { listener: key('listener_id') };
    case 'l7rule':
      return { l7policy: key('l7policy_id') };
  }
}
