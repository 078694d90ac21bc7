import { type RawBuilder, sql } from 'kysely';
import type { Member } from '../domain/resources.ts';
import type { Executor, Tx } from './database.ts';
import type { ListQuery } from './list-query.ts';
import { RESOURCE_COLUMNS } from './resource-columns.ts';
import { Table } from './table.ts';

const table = new Table<Member>({
  name: 'member',
  columns: {
    ...RESOURCE_COLUMNS,
    poolId: 'pool_id',
    address: 'address',
    protocolPort: 'protocol_port',
    subnetId: 'subnet_id',
    weight: 'weight',
    backup: 'backup',
    monitorAddress: 'monitor_address',
    monitorPort: 'monitor_port',
  },
});

export const insert = (tx: Tx, member: Member) => table.insert(tx, member);
export const insertAll = (tx: Tx, rows: readonly Member[]) => table.insertAll(tx, rows);
export const insertion = (rows: readonly Member[], projects: RawBuilder<unknown>) => table.insertion(rows, projects);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Partial<Member>) => table.update(executor, id, changes);
export const updateAll = (tx: Tx, changes: readonly (Partial<Member> & { id: string })[]) =>
  table.updateAll(tx, changes);
export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byPool = (executor: Executor, poolId: string) => table.select(executor, sql`t.pool_id = ${poolId}`);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.pool_id in (select p.id from pool p where p.load_balancer_id = ${loadBalancerId})`);
