import type { Amphora } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { sql } from '../core/sql.ts';
import { isUuid, Table } from '../core/table.ts';

const table = new Table<Amphora, 'amphora'>({
  name: 'amphora',
  columns: {
    id: 'id',
    loadBalancerId: 'load_balancer_id',
    computeId: 'compute_id',
    lbNetworkIp: 'lb_network_ip',
    vrrpIp: 'vrrp_ip',
    haIp: 'ha_ip',
    vrrpPortId: 'vrrp_port_id',
    haPortId: 'ha_port_id',
    vrrpInterface: 'vrrp_interface',
    vrrpId: 'vrrp_id',
    vrrpPriority: 'vrrp_priority',
    role: 'role',
    status: 'status',
    certExpiration: 'cert_expiration',
    certBusy: 'cert_busy',
    cachedZone: 'cached_zone',
    imageId: 'image_id',
    computeFlavor: 'compute_flavor',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  computed: { projectId: 'select b.project_id from load_balancer b where b.id = t.load_balancer_id' },
  visible: `t.status <> 'DELETED'`,
});

export const insert = (tx: Tx, amphora: Amphora) => table.insert(tx, amphora);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Partial<Amphora>) =>
  table.update(executor, id, changes);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.load_balancer_id = ${loadBalancerId}`);

/** Amphorae that were replaced or undone; the cloud may have kept something of them. */
export async function deletedOf(
  executor: Executor,
  loadBalancerId: string,
): Promise<Pick<Amphora, 'id' | 'computeId'>[]> {
  const { rows } = await sql<Pick<Amphora, 'id' | 'computeId'>>`
    select id, compute_id as "computeId" from amphora
    where load_balancer_id = ${loadBalancerId} and status = 'DELETED'`.execute(executor);
  return rows;
}

/** The amphora with its row locked until the transaction ends. */
export async function lock(tx: Tx, id: string): Promise<Amphora | null> {
  if (!isUuid(id)) return null;
  await sql`select 1 from amphora where id = ${id} for update`.execute(tx);
  return table.get(tx, id);
}

/** Inserts unless the row is there: a repeated step adopts what it made. */
export async function ensure(tx: Tx, amphora: Amphora): Promise<void> {
  const existing = await get(tx, amphora.id);
  if (!existing) await table.insert(tx, amphora);
}

/** An operation failed on it; it may be failed over or deleted. */
export async function markFailed(tx: Tx, id: string): Promise<void> {
  await sql`update amphora set status = 'ERROR', updated_at = now()
    where id = ${id} and status <> 'DELETED'`.execute(tx);
  await releaseHealth(tx, id);
}

/** Rows outlive their instance as DELETED until housekeeping purges them. */
export async function markDeleted(executor: Executor, id: string): Promise<void> {
  await sql`update amphora set status = 'DELETED', updated_at = now() where id = ${id}`.execute(executor);
  await sql`delete from amphora_health where amphora_id = ${id}`.execute(executor);
}

/** The health manager leaves it alone from now on. Nothing happens when it was never heard. */
export async function markHealthBusy(executor: Executor, id: string): Promise<void> {
  await sql`update amphora_health set busy = true where amphora_id = ${id}`.execute(executor);
}

/** The health manager judges it again. */
export async function releaseHealth(executor: Executor, id: string): Promise<void> {
  await sql`update amphora_health set busy = false where amphora_id = ${id}`.execute(executor);
}

export async function memberPorts(
  executor: Executor,
  amphoraId: string,
): Promise<{ networkId: string; portId: string }[]> {
  const { rows } = await sql<{ networkId: string; portId: string }>`
    select network_id as "networkId", port_id as "portId" from amphora_member_port
    where amphora_id = ${amphoraId}`.execute(executor);
  return rows;
}

export async function addMemberPort(
  executor: Executor,
  amphoraId: string,
  networkId: string,
  portId: string,
): Promise<void> {
  await sql`
    insert into amphora_member_port (amphora_id, network_id, port_id) values (${amphoraId}, ${networkId}, ${portId})
    on conflict (amphora_id, network_id) do update set port_id = excluded.port_id`.execute(executor);
}

/** Nothing happens when the network has another port by now. */
export async function removeMemberPort(executor: Executor, amphoraId: string, portId: string): Promise<void> {
  await sql`delete from amphora_member_port where amphora_id = ${amphoraId} and port_id = ${portId}`.execute(executor);
}
