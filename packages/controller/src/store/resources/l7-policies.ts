import type { L7Policy } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, Table } from '../core/table.ts';

const table = new Table<L7Policy, 'l7policy'>({
  name: 'l7policy',
  columns: {
    ...RESOURCE_COLUMNS,
    listenerId: 'listener_id',
    description: 'description',
    action: 'action',
    redirectUrl: 'redirect_url',
    redirectPrefix: 'redirect_prefix',
    redirectPoolId: 'redirect_pool_id',
    redirectHttpCode: 'redirect_http_code',
    position: 'position',
  },
});

export const insert = (tx: Tx, policy: L7Policy) => table.insert(tx, policy);
export const insertionOf = (rows: readonly L7Policy[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<L7Policy>) =>
  table.update(executor, id, changes);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(
    executor,
    sql`t.listener_id in (select l.id from listener l where l.load_balancer_id = ${loadBalancerId})`,
  );

/** Ids of the rules of a page of policies, oldest first, in one statement. */
export async function ruleIds(executor: Executor, ids: string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ id: string; ruleIds: string[] }>`
    select p.id, array(select r.id from l7rule r where r.l7policy_id = p.id order by r.created_at, r.id) as "ruleIds"
    from unnest(${ids}::uuid[]) as p(id)`.execute(executor);
  return new Map(rows.map((row) => [row.id, row.ruleIds]));
}

async function count(tx: Tx, listenerId: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from l7policy where listener_id = ${listenerId}`.execute(tx);
  return rows[0]!.n;
}

/**
 * Makes room for a new policy. Uniqueness of positions is judged at the end of the transaction, so they may overlap
 * meanwhile.
 * @param wanted null = at the end; beyond the end means the same
 * @returns the position to insert at
 */
export async function openPosition(tx: Tx, listenerId: string, wanted: number | null): Promise<number> {
  const position = Math.min(wanted ?? Number.POSITIVE_INFINITY, (await count(tx, listenerId)) + 1);
  await sql`update l7policy set position = position + 1
    where listener_id = ${listenerId} and position >= ${position}`.execute(tx);
  return position;
}

/** Moves the neighbours of a policy that changes its place. @returns the position to write into the policy itself */
export async function movePosition(tx: Tx, policy: L7Policy, wanted: number): Promise<number> {
  const { id, listenerId, position: from } = policy;
  const to = Math.min(wanted, await count(tx, listenerId));
  const [low, high, step] = to < from ? [to, from - 1, 1] : [from + 1, to, -1];
  await sql`update l7policy set position = position + ${step}::integer
    where listener_id = ${listenerId} and position between ${low} and ${high} and id <> ${id}`.execute(tx);
  return to;
}
