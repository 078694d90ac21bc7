import type { LoadBalancer, LoadBalancerTree, Vip } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, isUuid, type RowVersion, Table, VERSION } from '../core/table.ts';
import * as amphorae from './amphorae.ts';
import * as healthMonitors from './health-monitors.ts';
import * as l7policies from './l7-policies.ts';
import * as l7rules from './l7-rules.ts';
import * as listeners from './listeners.ts';
import * as members from './members.ts';
import * as pools from './pools.ts';

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
export const update = (executor: Executor, id: string, changes: Attributes<LoadBalancer>) =>
  table.update(executor, id, changes);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

/** Those of this name, oldest first. @param projectId null: of all projects */
export const byName = (executor: Executor, name: string, projectId: string | null): Promise<LoadBalancer[]> =>
  table.select(executor, sql`t.name = ${name} and (${projectId}::text is null or t.project_id = ${projectId})`);

/** Nobody else who asks for it first can give the name to a new load balancer of the project until the transaction ends. */
export async function holdName(tx: Tx, name: string, projectId: string): Promise<void> {
  const key = JSON.stringify([projectId, name]);
  await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx);
}

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
