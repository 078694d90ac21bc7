/**
 * How an operation leaves the tree. One operation at a time works on a load balancer (row lock + ordered queue), so every
 * PENDING_* row below it belongs to the operation that ends: a handful of set-based statements settle any kind of change,
 * of one load balancer or of many. What each row becomes stands in `domain/status-transitions.ts`.
 */

import { OF_SEVERAL, type Operation } from '../domain/operations.ts';
import {
  APPLIED,
  CHANGES,
  CHILD_KINDS,
  type ChildKind,
  changeOf,
  DELETED_OPERATING,
  type Ending,
  FAILED_WITH_LOAD_BALANCER,
  type Rule,
} from '../domain/status-transitions.ts';
import type { ErrorCode } from '../errors.ts';
import type { Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import * as operations from '../store/operations/operations.ts';
import * as amphorae from '../store/resources/amphorae.ts';
import type { Failure } from './failures.ts';
import { removePendingDelete, removeTrees, withPendingDelete } from './removal.ts';
import { BOTTOM_UP, lockTrees, within } from './rows.ts';
import { isAffected, transition } from './writer.ts';

/** Children that a change was about. */
interface Objects {
  kind: ChildKind;
  ids: readonly string[];
}

interface EndingDetails {
  failure?: Failure | null;
  /** The objects of the change, where their rules differ from those of the others. */
  about?: readonly Objects[];
  /** Parts that the same statement carries out; they see the rows as they were. */
  also?: readonly Sql[];
}

const remaining = (rules: readonly Rule[]): Rule[] => rules.filter(({ to }) => to !== 'REMOVED');
const changesNothing = ({ object, others, loadBalancer }: Ending): boolean =>
  object.length + others.length + loadBalancer.length === 0;

/** The rows that remain, all kinds in one statement: an outcome is as cheap as one round trip. */
async function endWaiting(tx: Tx, loadBalancerIds: readonly string[], ending: Ending, details: EndingDetails = {}) {
  const { failure = null, about = [], also = [] } = details;
  const parts = [...also];
  const add = (kind: ChildKind | 'load_balancer', name: string, rules: readonly Rule[], rows: Sql) => {
    for (const rule of remaining(rules)) {
      const operating = rule.to === 'DELETED' ? { operating: DELETED_OPERATING } : {};
      const update = transition(kind, rule, rows, { failure, settles: true, ...operating });
      parts.push(sql`${sql.ref(`${name}_${kind}`)} as (${update})`);
    }
  };
  for (const { kind, ids } of about) add(kind, 'changed', ending.object, sql`x.id = any(${ids}::uuid[])`);
  for (const kind of BOTTOM_UP) {
    // A subquery is hashed: `<> all` would compare each of 2,000 members with each of a batch.
    const own = about.find((objects) => objects.kind === kind);
    const others = own ? sql` and x.id not in (select unnest(${own.ids}::uuid[]))` : sql``;
    add(kind, 'settled', ending.others, sql`${within(kind, loadBalancerIds)}${others}`);
  }
  add('load_balancer', 'settled', ending.loadBalancer, sql`x.id = any(${loadBalancerIds}::uuid[])`);
  await sql`with ${sql.join(parts)} select 1`.execute(tx);
}

/** Load balancers that are locked. */
export async function settle(
  tx: Tx,
  loadBalancerIds: readonly string[],
  ending: Ending,
  details?: EndingDetails,
): Promise<void> {
  const removing = ending.others.find(({ to }) => to === 'REMOVED');
  if (removing?.from.includes('ACTIVE')) await removeTrees(tx, loadBalancerIds);
  else if (removing) await removePendingDelete(tx, loadBalancerIds);
  await endWaiting(tx, loadBalancerIds, ending, details);
}

/** The change is in force. */
export async function succeed(tx: Tx, operation: Operation): Promise<void> {
  const { succeeded } = changeOf(operation);
  if (changesNothing(succeeded)) return;
  const ids = [operation.loadBalancerId];
  await lockTrees(tx, ids);
  await settle(tx, ids, succeeded);
}

/** The change failed and was undone. */
export async function fail(tx: Tx, operation: Operation, failure: Failure): Promise<void> {
  const { resourceType, resourceId, loadBalancerId } = operation;
  const { failed } = changeOf(operation);
  await lockTrees(tx, [loadBalancerId]);
  if (resourceType === 'amphora') await amphorae.markFailed(tx, resourceId);
  if (changesNothing(failed)) return;
  const { memberIds = [], changesLoadBalancer = false } = operation.input;
  const also = operation.kind === 'batch_update_members' ? [rememberWaited(operation, memberIds)] : [];
  const ending = changesLoadBalancer ? { ...failed, loadBalancer: FAILED_WITH_LOAD_BALANCER } : failed;
  await settle(tx, [loadBalancerId], ending, { failure, about: objectsOf(operation), also });
}

function objectsOf(operation: Operation): Objects[] {
  const { object } = changeOf(operation);
  if (object === null || object === 'load_balancer') return [];
  const ids = OF_SEVERAL.includes(operation.kind) ? (operation.input.memberIds ?? []) : [operation.resourceId];
  return object === 'children' ? CHILD_KINDS.map((kind) => ({ kind, ids })) : [{ kind: object, ids }];
}

/** Once they are in ERROR, the members of a batch no longer tell which of them it was to add and which to remove. */
function rememberWaited({ id }: Operation, memberIds: readonly string[]): Sql {
  const waits = CHANGES.batch_update_members.failed.object.map(isAffected);
  return sql`remembered as (
    update operation set input = input || jsonb_build_object('waited', (
      select coalesce(jsonb_object_agg(x.id, x.provisioning_status), '{}') from member x
      where x.id = any(${memberIds}::uuid[]) and ${sql.join(waits, sql` or `)}))
    where id = ${id})`;
}

/**
 * Ends an operation, and with it the waiting of its tree.
 * @returns false when another worker has it by now, or it has ended: nothing is written then
 */
export async function endOperation(
  tx: Tx,
  operation: Operation,
  failure: { reason: string; code: ErrorCode } | null,
): Promise<boolean> {
  if (!(await operations.end(tx, operation, failure ? 'failed' : 'succeeded', failure))) return false;
  if (failure) await fail(tx, operation, { ...failure, operationId: operation.id });
  else await succeed(tx, operation);
  return true;
}

/**
 * The change of many load balancers at once is in force; they are locked, and their provider measures nothing: what
 * heartbeats would tell stays as it was at first.
 * @param removals whether anything may be PENDING_DELETE below them
 */
export async function succeedWithoutHealthReports(
  tx: Tx,
  loadBalancerIds: readonly string[],
  removals: boolean,
): Promise<void> {
  const leaving = removals ? await withPendingDelete(tx, loadBalancerIds) : [];
  if (leaving.length > 0) await removePendingDelete(tx, leaving);
  await endWaiting(tx, loadBalancerIds, APPLIED);
}
