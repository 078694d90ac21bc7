import { type RawBuilder, sql } from 'kysely';
import type { QuotaUnits } from '../../domain/quotas.ts';
import type { LoadBalancer, LoadBalancerTree, Vip } from '../../domain/resources.ts';
import { free, readRows, rowText } from '../core/cells.ts';
import type { Database, Executor, Store, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { isUuid, type KnownRows, type PageRow, Table, VERSION } from '../core/table.ts';
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

const VIP_PARTS: ReadonlyMap<string, keyof Vip> = new Map(Object.entries(VIP_FIELDS));

const table = new Table<LoadBalancer>({
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
  compose: (row) => {
    const vip: Record<string, unknown> = {};
    const rest: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(row)) {
      const part = VIP_PARTS.get(field);
      if (part === undefined) rest[field] = value;
      else vip[part] = value;
    }
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

/** Ids of what stands in a table under the load balancer `t`, oldest first. */
const childrenOf = (child: string): string =>
  `array(select c.id from ${child} c where c.load_balancer_id = t.id order by c.created_at, c.id)`;

/** What the API shows of a load balancer: the order of its cells, and the SQL of each. */
const SHOWN = {
  id: 't.id',
  // Not shown. A reader remembers what it made of a version; children come and go only with a new one (trigger of 0007).
  version: VERSION,
  name: free('t.name'),
  adminStateUp: 't.admin_state_up',
  tags: free('t.tags'),
  description: free('t.description'),
  projectId: free('t.project_id'),
  vipSubnetId: 't.vip_subnet_id',
  vipNetworkId: 't.vip_network_id',
  vipPortId: 't.vip_port_id',
  vipAddress: 'coalesce(t.given_vip_address, host(t.vip_address))',
  vipQosPolicyId: 't.vip_qos_policy_id',
  vipVnicType: 't.vip_vnic_type',
  vipSgIds: 't.vip_sg_ids',
  /** NULL when there are none. */
  additionalVips: `case when t.additional_vips <> '[]' then
    jsonb_build_object('portId', t.vip_port_id, 'vips', t.additional_vips) end`,
  provider: free('t.provider'),
  flavorId: 't.flavor_id',
  availabilityZone: free('t.availability_zone'),
  listeners: childrenOf('listener'),
  pools: childrenOf('pool'),
  provisioningStatus: 't.provisioning_status',
  operatingStatus: 't.operating_status',
  statusReason: free('t.status_reason'),
  createdAt: 't.created_at',
  updatedAt: 't.updated_at',
} as const;

export const SHOWN_FIELDS = Object.keys(SHOWN) as readonly (keyof typeof SHOWN)[];
const SHOWN_ROW = rowText(Object.values(SHOWN));
const SHOW = `select ${SHOWN_ROW} from load_balancer t where t.id = $1 and t.provisioning_status <> 'DELETED'`;

/** A page with the ids of the children, in one statement (two with a marker): cells of `SHOWN_FIELDS`. */
export const listShown = (store: Store, query: ListQuery): Promise<string[][]> =>
  table.listCells(store, query, SHOWN_ROW);

/** The same page for a reader that remembers, in one statement when it knows all rows, else in two. */
export const listShownVersions = <K>(store: Store, query: ListQuery, known: KnownRows<K>): Promise<PageRow<K>[]> =>
  table.listVersions(store, query, SHOWN_ROW, known);

/** One load balancer with the ids of its children, in one statement: cells of `SHOWN_FIELDS`. */
export async function shown(store: Store, id: string): Promise<string[] | null> {
  if (!isUuid(id)) return null;
  return readRows(await store.text(SHOW, [id]))[0] ?? null;
}

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
function waitBelow(id: string, { poolId, listenerId }: Below, condition: RawBuilder<unknown>): RawBuilder<unknown>[] {
  const parts: RawBuilder<unknown>[] = [];
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

const changeParts = (parts: readonly RawBuilder<unknown>[]): RawBuilder<unknown>[] =>
  parts.map((part, index) => sql`${sql.ref(`change_${index}`)} as (${part})`);

/**
 * The load balancer, which is locked, and what is named below it wait for a change, in one statement. `also`: statements
 * that write the change in the same round trip.
 */
export async function setPending(
  tx: Tx,
  id: string,
  below: Below = {},
  also: readonly RawBuilder<unknown>[] = [],
): Promise<void> {
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
  parts: readonly RawBuilder<unknown>[];
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
