import type { Member } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { type Sql, sql } from '../core/sql.ts';
import { type AttributeChanges, type Attributes, Table } from '../core/table.ts';

const table = new Table<Member, 'member'>({
  name: 'member',
  columns: {
    ...RESOURCE_COLUMNS,
    poolId: 'pool_id',
    address: 'address',
    givenAddress: 'given_address',
    protocolPort: 'protocol_port',
    subnetId: 'subnet_id',
    weight: 'weight',
    backup: 'backup',
    monitorAddress: 'monitor_address',
    givenMonitorAddress: 'given_monitor_address',
    monitorPort: 'monitor_port',
    vnicType: 'vnic_type',
  },
  computed: { requestSriov: `t.vnic_type = 'direct'` },
});

export const insert = (tx: Tx, member: Member) => table.insert(tx, member);
export const insertionOf = (rows: readonly Member[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<Member>) =>
  table.update(executor, id, changes);

/**
 * The part of a statement that changes attributes of members, all the same ones; none for none.
 * @param also what else is assigned to all of them @param condition of the change
 */
export function changes([first, ...others]: readonly AttributeChanges<Member>[], also: Sql, condition?: Sql): Sql[] {
  return first ? [table.updatesOf([first, ...others], also, condition)] : [];
}

/** The part that writes new members; none for none. @param condition as above */
export const additions = (created: readonly Member[], condition: Sql = sql`true`): Sql[] =>
  created.length > 0 ? [sql`${table.insertionOf(created)} where ${condition}`] : [];

export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byPool = (executor: Executor, poolId: string) => table.select(executor, sql`t.pool_id = ${poolId}`);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.pool_id in (select p.id from pool p where p.load_balancer_id = ${loadBalancerId})`);

/** Subnets that members which stay are reached through, and whether one of them asks for an SR-IOV function there. */
export async function subnetsOf(
  executor: Executor,
  loadBalancerId: string,
): Promise<{ subnetId: string; direct: boolean }[]> {
  const { rows } = await sql<{ subnetId: string; direct: boolean }>`
    select m.subnet_id as "subnetId", bool_or(m.vnic_type = 'direct') as direct
    from member m join pool p on p.id = m.pool_id
    where p.load_balancer_id = ${loadBalancerId} and m.subnet_id is not null
      and m.provisioning_status <> 'PENDING_DELETE' and p.provisioning_status <> 'PENDING_DELETE'
    group by m.subnet_id order by m.subnet_id`.execute(executor);
  return rows;
}
