import type { L7Rule } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, Table } from '../core/table.ts';

const table = new Table<L7Rule, 'l7rule'>({
  name: 'l7rule',
  columns: {
    ...RESOURCE_COLUMNS,
    l7policyId: 'l7policy_id',
    type: 'type',
    compareType: 'compare_type',
    key: 'key',
    value: 'value',
    invert: 'invert',
  },
});

export const insert = (tx: Tx, rule: L7Rule) => table.insert(tx, rule);
export const insertionOf = (rows: readonly L7Rule[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<L7Rule>) =>
  table.update(executor, id, changes);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byPolicy = (executor: Executor, policyId: string) =>
  table.select(executor, sql`t.l7policy_id = ${policyId}`);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(
    executor,
    sql`t.l7policy_id in (select p.id from l7policy p join listener l on l.id = p.listener_id
      where l.load_balancer_id = ${loadBalancerId})`,
  );
