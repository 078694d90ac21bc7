import type { QuotaUnits } from '../../domain/quotas.ts';
import type { LoadBalancer, LoadBalancerTree, Vip } from '../../domain/resources.ts';
import type { Database, Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { type Sql, sql } from '../core/sql.ts';
import { isUuid, type RowVersion, Table, VERSION } from '../core/table.ts';
import { type QueuedOperation, submission } from '../operations/operations.ts';
import * as amphorae from './amphorae.ts';
import * as healthMonitors from './health-monitors.ts';
import * as l7policies from './l7-policies.ts';
import * as l7rules from './l7-rules.ts';
import * as listeners from './listeners.ts';
import * as members from './members.ts';
import * as pools from './pools.ts';
import { countWhereEasy, type QuotaRules } from './quotas.ts';

const VIP_FIELDS = {
  vipAddress: 'address',
  vipGivenAddress: 'givenAddress',
  vipPortId: 'portId',
  vipSubnetId: 'subnetId',
  vipNetworkId: 'networkId',
  vipQosPolicyId: 'qosPolicyId',
  vipPortOwned: 'portOwned',
  vipVnicType: 'vnicType',
  vipSgIds: 'securityGroupIds',
} as const satisfies Record<string, keyof Vip>;

/** As the table has it: without the VIP, with its parts. */
type StoredLoadBalancer = Omit<LoadBalancer, 'vip'> & {
  [F in keyof typeof VIP_FIELDS]: Vip[(typeof VIP_FIELDS)[F]];
};

const table = new Table<LoadBalancer, 'load_balancer', StoredLoadBalancer>({
  name: 'load_balancer',
  columns: {
    ...RESOURCE_COLUMNS,
    description: 'description',
    provider: 'provider',
    topology: 'topology',
    flavorId: 'flavor_id',
    availabilityZone: 'availability_zone',
    vipAddress: 'vip_address',
    vipGivenAddress: 'given_vip_address',
    vipPortId: 'vip_port_id',
    vipSubnetId: 'vip_subnet_id',
    vipNetworkId: 'vip_network_id',
    vipQosPolicyId: 'vip_qos_policy_id',
    vipPortOwned: 'vip_port_owned',
    vipVnicType: 'vip_vnic_type',
    vipSgIds: 'vip_sg_ids',
    additionalVips: 'additional_vips',
  },
  json: ['additionalVips'],
  computed: { serverGroupId: 't.server_group_id' },
  visible: `t.provisioning_status <> 'DELETED'`,
  compose: ({
    vipAddress: address,
    vipGivenAddress: givenAddress,
    vipPortId: portId,
    vipSubnetId: subnetId,
    vipNetworkId: networkId,
    vipQosPolicyId: qosPolicyId,
    vipPortOwned: portOwned,
    vipVnicType: vnicType,
    vipSgIds: securityGroupIds,
    ...rest
  }) => {
    const vip = {
      address,
      givenAddress,
      portId,
      subnetId,
      networkId,
      qosPolicyId,
      portOwned,
      vnicType,
      securityGroupIds,
    };
    return { ...rest, vip } as unknown as LoadBalancer;
  },
  decompose: ({ vip, ...rest }) => {
    const fields: Record<string, unknown> = { ...rest };
    if (vip) for (const [field, part] of Object.entries(VIP_FIELDS)) fields[field] = vip[part];
    return fields;
  },
});

export const insert = (tx: Tx, loadBalancer: LoadBalancer) => table.insert(tx, loadBalancer);
export const insertionOf = (rows: readonly LoadBalancer[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Partial<LoadBalancer>) =>
  table.update(executor, id, changes);
export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export interface Children {
  /** Oldest first. */
  listenerIds: string[];
  poolIds: string[];
}

export type ShownLoadBalancer = LoadBalancer & Children;

/** SQL: what stands under the load balancer `t`. Comes and goes only with a new version of its row (trigger of 0007). */
const CHILDREN = sql<Children>`
  array(select c.id from listener c where c.load_balancer_id = t.id order by c.created_at, c.id) as "listenerIds",
  array(select c.id from pool c where c.load_balancer_id = t.id order by c.created_at, c.id) as "poolIds"`;

const CHILDREN_AND_VERSION = sql<Children & RowVersion>`${CHILDREN}, ${VERSION}`;

/** What the API shows of one load balancer, and of a page of them, each in one statement (two with a marker). */
export const shown = (executor: Executor, id: string): Promise<ShownLoadBalancer | null> =>
  table.get(executor, id, CHILDREN);
export const listShown = (executor: Executor, query: ListQuery): Promise<(ShownLoadBalancer & RowVersion)[]> =>
  table.list(executor, query, CHILDREN_AND_VERSION);

/** The same page, and rows of it, for a reader that remembers what it made of them. */
export const versions = (executor: Executor, query: ListQuery): Promise<RowVersion[]> =>
  table.versions(executor, query);
export const shownOf = (executor: Executor, ids: readonly string[]): Promise<(ShownLoadBalancer & RowVersion)[]> =>
  table.select(executor, sql`t.id = any(${ids}::uuid[])`, CHILDREN_AND_VERSION);

/**
 * The row as it is once nobody else holds it, locked until the transaction ends: that makes "test the state, then set
 * PENDING" one atomic step.
 */
export async function lock(tx: Tx, id: string): Promise<LoadBalancer | null> {
  if (!isUuid(id)) return null;
  const [row] = await table.selectForUpdate(tx, sql`t.id = ${id}`);
  return row ?? null;
}

interface Below {
  poolId?: string;
  listenerId?: string;
}

const WAITS = sql`set provisioning_status = 'PENDING_UPDATE'`;

/** Parts of a statement: a pool with the listeners that use it, or a listener, waits for a change. */
function waitBelow(id: string, { poolId, listenerId }: Below, condition: Sql): Sql[] {
  const parts: Sql[] = [];
  if (poolId !== undefined) {
    parts.push(
      sql`waiting_pool as (update pool ${WAITS} where id = ${poolId} and ${condition})`,
      sql`waiting_listeners as (update listener l ${WAITS}
        where l.load_balancer_id = ${id} and ${condition} and (l.default_pool_id = ${poolId}
          or exists (select 1 from l7policy p where p.listener_id = l.id and p.redirect_pool_id = ${poolId})))`,
    );
  }
  if (listenerId !== undefined) {
    parts.push(sql`waiting_listener as (update listener ${WAITS} where id = ${listenerId} and ${condition})`);
  }
  return parts;
}

const changeParts = (parts: readonly Sql[]): Sql[] =>
  parts.map((part, index) => sql`${sql.ref(`change_${index}`)} as (${part})`);

/**
 * The load balancer, which is locked, and what is named below it wait for a change, in one statement. `also`: statements
 * that write the change in the same round trip.
 */
export async function setPending(tx: Tx, id: string, below: Below = {}, also: readonly Sql[] = []): Promise<void> {
  const own = sql`waiting_load_balancer as (update load_balancer ${WAITS} where id = ${id})`;
  await sql`with ${sql.join([own, ...waitBelow(id, below, sql`true`), ...changeParts(also)])} select 1`.execute(tx);
}

/** Holds for the parts of `changeUnchanged` when the load balancer is the one that was read. */
export const UNCHANGED = sql`exists (select 1 from waiting_load_balancer)`;

export interface UnlockedChange {
  id: string;
  /** Of the load balancer as it was read: every change below it gives it a new one, so what was read with it still holds. */
  version: string;
  below: Below;
  /** Statements of the change, each bound to `UNCHANGED`. */
  parts: readonly Sql[];
  /** What the change creates in a project. */
  units: { projectId: string; units: QuotaUnits; rules: QuotaRules };
  /** What carries the change out; null where nothing has to. */
  operation: QueuedOperation | null;
}

/**
 * The same without a lock taken before, as a transaction of its own: one statement judges, writes and submits. It waits for
 * nobody, and leaves to others what is not easy.
 * @returns false: somebody is in the way or changed it since, or the quota is to be looked at; nothing is written
 */
export async function changeUnchanged(database: Database, change: UnlockedChange): Promise<boolean> {
  const { id, version, below, units, operation } = change;
  const mine = sql`mine as materialized (
    select id from load_balancer where id = ${id} and xmin = ${version}::xid for update skip locked)`;
  const isMine = sql`exists (select 1 from mine)`;
  const counts = Object.values(units.units).some((count) => count > 0);
  const counting = counts
    ? [countWhereEasy(new Map([[units.projectId, units.units]]), units.rules, { condition: isMine })]
    : [];
  const isCounted = counts ? sql` and exists (select 1 from counted)` : sql``;
  const own = sql`waiting_load_balancer as (
    update load_balancer ${WAITS} where id = ${id} and ${isMine}${isCounted} returning id)`;
  const submitted = submission(operation ? [operation] : [], UNCHANGED);
  const changes = [...waitBelow(id, below, UNCHANGED), ...changeParts(change.parts), ...submitted.parts];
  const { rows } = await sql`
    with ${sql.join([mine, ...counting, own, ...changes])}
    select id, ${submitted.queued} as queued from waiting_load_balancer`.execute(database);
  return rows.length > 0;
}

export const columnsOf = (alias: string) => table.columnsOf(alias);
export const named = (alias: string, row: Record<string, unknown>) => table.named(alias, row);

/** The load balancer with everything below it, in nine statements whatever its size. */
export async function tree(executor: Executor, id: string): Promise<LoadBalancerTree | null> {
  const loadBalancer = await get(executor, id);
  if (!loadBalancer) return null;
  return {
    loadBalancer,
    listeners: await listeners.byLoadBalancer(executor, id),
    pools: await pools.byLoadBalancer(executor, id),
    members: await members.byLoadBalancer(executor, id),
    healthMonitors: await healthMonitors.byLoadBalancer(executor, id),
    l7policies: await l7policies.byLoadBalancer(executor, id),
    l7rules: await l7rules.byLoadBalancer(executor, id),
    amphorae: await amphorae.byLoadBalancer(executor, id),
  };
}

/** Ids of the children of a page of load balancers, in creation order, in one statement. */
export async function childIds(
  executor: Executor,
  ids: string[],
): Promise<Map<string, { listenerIds: string[]; poolIds: string[] }>> {
  const { rows } = await sql<{ id: string; listenerIds: string[]; poolIds: string[] }>`
    select lb.id,
      array(select l.id from listener l where l.load_balancer_id = lb.id order by l.created_at, l.id) as "listenerIds",
      array(select p.id from pool p where p.load_balancer_id = lb.id order by p.created_at, p.id) as "poolIds"
    from unnest(${ids}::uuid[]) as lb(id)`.execute(executor);
  return new Map(rows.map(({ id, listenerIds, poolIds }) => [id, { listenerIds, poolIds }]));
}
