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

/**
 * Whether what amphorae need of networks may differ from what they have: a subnet besides those of the VIPs that no member in force
 * uses (and of members that ask for SR-IOV, none that does), or one that members leave to nobody.
 */
export async function changesNetworks(executor: Executor, loadBalancerId: string): Promise<boolean> {
  const { rows } = await sql<{ changes: boolean }>`
    with used as (
      select m.subnet_id, m.vnic_type = 'direct' as direct, m.provisioning_status = 'ACTIVE' as in_force,
        'PENDING_DELETE' in (m.provisioning_status, p.provisioning_status) as leaves
      from member m join pool p on p.id = m.pool_id
      where p.load_balancer_id = ${loadBalancerId} and m.subnet_id is not null
        and m.subnet_id not in (
          select l.vip_subnet_id from load_balancer l where l.id = ${loadBalancerId} and l.vip_subnet_id is not null
          union all select (a.value ->> 'subnetId')::uuid from load_balancer l, jsonb_array_elements(l.additional_vips) a
            where l.id = ${loadBalancerId}))
    select exists (
      select 1 from used u where case when u.leaves
        then not exists (select 1 from used s where not s.leaves and s.subnet_id = u.subnet_id and s.direct = u.direct)
        else not exists (select 1 from used s
          where s.in_force and not s.leaves and s.subnet_id = u.subnet_id and s.direct = u.direct) end) as changes`.execute(
    executor,
  );
  return rows[0]?.changes ?? true;
}
