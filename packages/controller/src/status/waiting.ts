/**
 * Who waits for a change that was accepted: the object, what it hangs on, and the load balancer. Statements travel in one
 * round trip, with the change itself where the caller has parts of it.
 */

import type { OperationKind } from '../domain/operations.ts';
import type { QuotaUnits } from '../domain/quotas.ts';
import type { Member } from '../domain/resources.ts';
import { ABOVE, ASKED, CHANGES, type ChildKind, type Pending, type Rule } from '../domain/status-transitions.ts';
import type { ProvisioningStatus } from '../domain/statuses.ts';
import type { Database, Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import type { AttributeChanges } from '../store/core/table.ts';
import { type QueuedOperation, submission } from '../store/operations/operations.ts';
import * as members from '../store/resources/members.ts';
import { countWhereEasy, type QuotaRules } from '../store/resources/quotas.ts';
import { assignments, transition } from './writer.ts';

/**
 * The object of a change as it is or will be: the resource itself will do, its fields lead to what it hangs on. For a batch,
 * the pool of its members.
 */
export interface Place {
  id?: string | undefined;
  poolId?: string | undefined;
  /** Of a new pool: the listener that is to use it. */
  listenerId?: string | undefined;
  l7policyId?: string | undefined;
}

type AboveKind = (typeof ABOVE)[ChildKind][number];
/** SQL: keys that lead from a child upwards, as far as its kind has them. */
export type Keys = Partial<Record<AboveKind, Sql>>;

/** SQL: the rows `x` of one kind that the child with these keys hangs on. */
function isAbove(kind: AboveKind, loadBalancerId: string, { pool, listener, l7policy }: Keys): Sql {
  if (kind === 'pool' && pool) return sql`x.id = ${pool}`;
  if (kind === 'l7policy' && l7policy) return sql`x.id = ${l7policy}`;
  if (listener) return sql`x.id = ${listener}`;
  if (l7policy) return sql`x.id = (select y.listener_id from l7policy y where y.id = ${l7policy})`;
  if (!pool) throw new Error('Nothing leads to what the object hangs on');
  return sql`x.load_balancer_id = ${loadBalancerId} and (x.default_pool_id = ${pool}
    or exists (select 1 from l7policy y where y.listener_id = x.id and y.redirect_pool_id = ${pool}))`;
}

/** Parts of a statement: the rule takes effect on everything that the child hangs on. */
export const above = (
  kind: ChildKind,
  loadBalancerId: string,
  keys: Keys,
  rule: Rule,
  condition: Sql = sql`true`,
): Sql[] =>
  ABOVE[kind].map(
    (table) => sql`${sql.ref(`waiting_${table}`)} as (
      ${transition(table, rule, sql`${isAbove(table, loadBalancerId, keys)} and ${condition}`)})`,
  );

function keysOf(kind: ChildKind, { id, poolId, listenerId, l7policyId }: Place): Keys {
  const given = { pool: kind === 'pool' ? id : poolId, listener: listenerId, l7policy: l7policyId };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key, sql`${value}::uuid`]));
}

/** Parts of a statement: everything below the load balancer that waits for the change. */
function waitBelow(kind: OperationKind, loadBalancerId: string, place: Place, condition: Sql = sql`true`): Sql[] {
  const { object, waitsFor } = CHANGES[kind];
  if (object === null || object === 'load_balancer' || object === 'children') return [];
  const parts = above(object, loadBalancerId, keysOf(object, place), ASKED.above, condition);
  // A new one waits from the start, and members of a batch are written with it.
  if (waitsFor === null || waitsFor === 'PENDING_CREATE') return parts;
  if (place.id === undefined) throw new Error('The object of the change has no id');
  const own = transition(object, ASKED.object, sql`x.id = ${place.id} and ${condition}`, { wish: sql.lit(waitsFor) });
  return [...parts, sql`waiting_object as (${own})`];
}

/** Part of a statement: the load balancer waits. */
function waitItself(kind: OperationKind, loadBalancerId: string, condition: Sql = sql`true`): Sql {
  const { loadBalancer } = CHANGES[kind];
  const isIt = sql`x.id = ${loadBalancerId} and ${condition}`;
  const rule = ASKED.loadBalancer(loadBalancer ?? 'PENDING_UPDATE');
  return sql`waiting_load_balancer as (${transition('load_balancer', rule, isIt)} returning x.id)`;
}

const changeParts = (parts: readonly Sql[]): Sql[] =>
  parts.map((part, index) => sql`${sql.ref(`change_${index}`)} as (${part})`);

/**
 * The load balancer, which is locked, and everything below it that is concerned wait for the change, in one statement.
 * Attributes and new objects are written beside it; before new ones, or a trigger writes the load balancer as well.
 * @param also statements that write the change in the same round trip
 */
export async function setPending(
  tx: Tx,
  kind: OperationKind,
  loadBalancerId: string,
  place: Place,
  also: readonly Sql[] = [],
): Promise<void> {
  const parts = [waitItself(kind, loadBalancerId), ...waitBelow(kind, loadBalancerId, place), ...changeParts(also)];
  await sql`with ${sql.join(parts)} select 1`.execute(tx);
}

/** Children of every kind that one change is about, and what stands above them. */
export interface WaitingTree {
  /** What each of the children that are there waits for. */
  wishes: ReadonlyMap<ChildKind, ReadonlyMap<string, Pending>>;
  above: ReadonlyMap<AboveKind, readonly string[]>;
}

/** The load balancer, which is locked, and these wait for the change. New objects are written after it. */
export async function setTreePending(tx: Tx, loadBalancerId: string, { wishes, above }: WaitingTree): Promise<void> {
  const parts = [waitItself('apply_desired_state', loadBalancerId)];
  for (const [kind, wished] of wishes) {
    for (const wish of new Set(wished.values())) {
      const ids = [...wished].flatMap(([id, own]) => (own === wish ? [id] : []));
      const own = transition(kind, ASKED.object, sql`x.id = any(${ids}::uuid[])`, { wish: sql.lit(wish) });
      parts.push(sql`${sql.ref(`${wish}_${kind}`)} as (${own})`);
    }
  }
  for (const [kind, ids] of above) {
    parts.push(sql`${sql.ref(`above_${kind}`)} as (${transition(kind, ASKED.above, sql`x.id = any(${ids}::uuid[])`)})`);
  }
  await sql`with ${sql.join(parts)} select 1`.execute(tx);
}

/** Members of a batch: new ones, changes of those that stay, those that go. */
export interface MemberBatch {
  created: readonly Member[];
  /** Attributes; all of them name the same. */
  updated: readonly AttributeChanges<Member>[];
  removed: readonly { id: string }[];
}

/** Parts of a statement that write a batch, with what each member waits for. @param condition of them all */
export function batchParts({ created, updated, removed }: MemberBatch, condition: Sql = sql`true`): Sql[] {
  const waitFor = (status: ProvisioningStatus) => assignments('member', ASKED.object, { wish: sql.lit(status) });
  return [
    ...members.additions(created, condition),
    ...members.changes(updated, waitFor('PENDING_UPDATE'), condition),
    ...members.changes(
      removed.map(({ id }) => ({ id })),
      waitFor('PENDING_DELETE'),
      condition,
    ),
  ];
}

/** Holds for the parts of `changeUnchanged` when the load balancer is the one that was read. */
const UNCHANGED = sql`exists (select 1 from waiting_load_balancer)`;

export interface UnlockedBatch {
  loadBalancerId: string;
  /** Of the load balancer as it was read: every change below it gives it a new one, so what was read with it still holds. */
  version: string;
  poolId: string;
  batch: MemberBatch;
  /** What the change creates in a project. */
  units: { projectId: string; units: QuotaUnits; rules: QuotaRules };
  /** What carries the change out; null where nothing has to. */
  operation: QueuedOperation | null;
}

/**
 * A batch without a lock taken before, as a transaction of its own: one statement judges, writes and submits. It waits for
 * nobody, and leaves to others what is not easy.
 * @returns false: somebody is in the way or changed it since, or the quota is to be looked at; nothing is written
 */
export async function changeUnchanged(database: Database, change: UnlockedBatch): Promise<boolean> {
  const { loadBalancerId, version, poolId, batch, units, operation } = change;
  const kind = 'batch_update_members';
  const mine = sql`mine as materialized (
    select id from load_balancer where id = ${loadBalancerId} and xmin = ${version}::xid for update skip locked)`;
  const isMine = sql`exists (select 1 from mine)`;
  const counts = Object.values(units.units).some((count) => count > 0);
  const counting = counts
    ? [countWhereEasy(new Map([[units.projectId, units.units]]), units.rules, { condition: isMine })]
    : [];
  const isCounted = counts ? sql` and exists (select 1 from counted)` : sql``;
  const own = waitItself(kind, loadBalancerId, sql`${isMine}${isCounted}`);
  const submitted = submission(operation ? [operation] : [], UNCHANGED);
  const below = waitBelow(kind, loadBalancerId, { poolId }, UNCHANGED);
  const parts = [...below, ...changeParts(batchParts(batch, UNCHANGED)), ...submitted.parts];
  const { rows } = await sql`
    with ${sql.join([mine, ...counting, own, ...parts])}
    select id, ${submitted.queued} as queued from waiting_load_balancer`.execute(database);
  return rows.length > 0;
}
