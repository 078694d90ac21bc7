/** Listeners, pools, members and monitors of a fully populated create, through the same rules as single creates. */

import type { QuotaUnits } from '../../domain/quotas.ts';
import type { HealthMonitor, Listener, LoadBalancer, Member, Pool } from '../../domain/resources.ts';
import { settleHealthMonitor } from '../../domain/validation/health-monitor.ts';
import { listenerSecretRefs, settleListener } from '../../domain/validation/listener.ts';
import { checkPortFree } from '../../domain/validation/listener-port.ts';
import { checkEndpointFree, checkMemberAddress } from '../../domain/validation/member.ts';
import { poolSecretRefs, settlePool } from '../../domain/validation/pool.ts';
import { checkPoolFitsListener } from '../../domain/validation/protocols.ts';
import { resolvePools } from '../../domain/validation/tree-pools.ts';
import type { Tx } from '../../store/database.ts';
import * as healthMonitors from '../../store/health-monitors.ts';
import * as listeners from '../../store/listeners.ts';
import * as members from '../../store/members.ts';
import * as pools from '../../store/pools.ts';
import { healthMonitorResponse } from '../attributes/health-monitor.ts';
import { listenerResponse } from '../attributes/listener.ts';
import type { LoadBalancerCreate } from '../attributes/load-balancer.ts';
import { memberResponse } from '../attributes/member.ts';
import { poolResponse } from '../attributes/pool.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { refuseL7Policies } from './l7policies.ts';
import { vipAddresses } from './listeners.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Rules } from './rules.ts';
import { requireReadable } from './secrets.ts';
import { requireSubnet } from './subnets.ts';

export interface NewTree {
  listeners: Listener[];
  pools: Pool[];
  members: Member[];
  healthMonitors: HealthMonitor[];
}

type Request = Pick<LoadBalancerCreate, 'listeners' | 'pools'>;

/** Subnets that the members name. */
export function memberSubnets({ listeners: inListeners, pools: topLevel }: Request): (string | null)[] {
  const all = [...topLevel, ...inListeners.flatMap(({ defaultPool }) => (defaultPool ? [defaultPool] : []))];
  return all.flatMap((pool) => pool.members.map((member) => member.subnetId));
}

/** Semantic validation of everything. @throws OctaviaError, never 409 */
export function planTree(
  request: Request,
  loadBalancer: LoadBalancer,
  rules: Rules,
  knownSubnets: ReadonlySet<string>,
  deps: Pick<ApiDependencies, 'newId' | 'now'>,
): NewTree {
  const tree: NewTree = { listeners: [], pools: [], members: [], healthMonitors: [] };
  const { id: loadBalancerId, projectId } = loadBalancer;
  const resolved = resolvePools(
    request.pools,
    request.listeners.map((listener) => listener.defaultPool),
  );
  for (const { members: memberFields, healthmonitor, ...input } of resolved.definitions) {
    const settled = settlePool(input, rules.pool);
    requireReadable(poolSecretRefs(settled));
    const pool: Pool = { ...newResource(deps, projectId), ...settled, loadBalancerId };
    tree.pools.push(pool);
    if (healthmonitor) {
      const monitor = settleHealthMonitor(healthmonitor, pool.protocol, rules.healthMonitor);
      tree.healthMonitors.push({ ...newResource(deps, projectId), ...monitor, poolId: pool.id });
    }
    for (const fields of memberFields) {
      checkMemberAddress(fields.address, rules.member);
      requireSubnet(fields.subnetId, knownSubnets);
      const status = healthmonitor ? 'OFFLINE' : 'NO_MONITOR';
      tree.members.push({ ...newResource(deps, projectId, status), ...fields, poolId: pool.id });
    }
  }
  request.listeners.forEach(({ defaultPool: _resolved, l7policies, ...fields }, index) => {
    if (fields.defaultPoolId !== null) throw notFound('Pool', fields.defaultPoolId);
    const pool = tree.pools[resolved.defaultPools[index] ?? -1] ?? null;
    if (pool) checkPoolFitsListener(pool.protocol, fields.protocol);
    const settled = settleListener(fields, rules.listener, vipAddresses(loadBalancer));
    requireReadable(listenerSecretRefs(settled));
    refuseL7Policies(l7policies, loadBalancer.provider);
    tree.listeners.push({
      ...newResource(deps, projectId),
      ...settled,
      defaultPoolId: pool?.id ?? null,
      loadBalancerId,
    });
  });
  return tree;
}

/** What the tree takes of a project's quota, the load balancer itself not counted. */
export function treeUnits(tree: NewTree): QuotaUnits {
  return {
    listener: tree.listeners.length,
    pool: tree.pools.length,
    healthMonitor: tree.healthMonitors.length,
    member: tree.members.length,
  };
}

/** @throws OctaviaError DUPLICATE_LISTENER, DUPLICATE_MEMBER */
export function checkUnique(tree: NewTree): void {
  tree.listeners.forEach((listener, index) => {
    checkPortFree(listener, tree.listeners.slice(0, index));
  });
  for (const pool of tree.pools) {
    const own = tree.members.filter((member) => member.poolId === pool.id);
    own.forEach((member, index) => {
      checkEndpointFree(member, own.slice(0, index));
    });
  }
}

/** Parents first: pools before what refers to them. */
export async function insertTree(tx: Tx, tree: NewTree): Promise<void> {
  for (const pool of tree.pools) await pools.insert(tx, pool);
  for (const monitor of tree.healthMonitors) await healthMonitors.insert(tx, monitor);
  for (const member of tree.members) await members.insert(tx, member);
  for (const listener of tree.listeners) await listeners.insert(tx, listener);
}

/** The nested form that only the answer to a create has. */
export function treeResponse(tree: NewTree): { listeners: object[]; pools: object[] } {
  return {
    listeners: tree.listeners.map((listener) => {
      const { loadbalancers: _, ...shown } = listenerResponse(listener, null);
      return shown;
    }),
    pools: tree.pools.map((pool) => {
      const own = tree.members.filter((member) => member.poolId === pool.id);
      const monitor = tree.healthMonitors.find((candidate) => candidate.poolId === pool.id);
      const listenerIds = tree.listeners.filter((listener) => listener.defaultPoolId === pool.id).map(({ id }) => id);
      const { loadbalancers: _, ...shown } = poolResponse(pool, {
        listenerIds,
        memberIds: [],
        healthMonitorId: monitor?.id ?? null,
      });
      return {
        ...shown,
        members: own.map((member) => memberResponse(member, null)),
        healthmonitor: monitor ? healthMonitorResponse(monitor, null) : null,
      };
    }),
  };
}
