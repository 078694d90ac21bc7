/** Listeners, policies, rules, pools, members and monitors of a fully populated create, through the same rules as single creates. */

import type { L7Policy, Listener, LoadBalancer, Pool } from '../../domain/resources.ts';
import { newMemberStatus } from '../../domain/status-transitions.ts';
import { settleHealthMonitor } from '../../domain/validation/health-monitor.ts';
import { settleL7Policy } from '../../domain/validation/l7-policy.ts';
import { checkRuleCount, settleL7Rule } from '../../domain/validation/l7-rule.ts';
import { checkCidrsBesideGroups, settleListener } from '../../domain/validation/listener.ts';
import { checkPortFree } from '../../domain/validation/listener-port.ts';
import { checkEndpointFree, checkMemberAddresses, settleMember } from '../../domain/validation/member.ts';
import { settlePool } from '../../domain/validation/pool.ts';
import { checkPoolFitsListener } from '../../domain/validation/protocols.ts';
import { resolvePools } from '../../domain/validation/tree-pools.ts';
import { OctaviaError } from '../../errors.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import type { L7PolicyInTree, ListenerInTree, LoadBalancerCreate, PoolInTree } from '../attributes/load-balancer.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { checkListenerCiphers, checkPoolCiphers } from './ciphers.ts';
import { vipAddresses } from './listeners.ts';
import { newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import type { Rules } from './rules.ts';
import { requireSubnet } from './subnets.ts';

type Request = Pick<LoadBalancerCreate, 'listeners' | 'pools'>;

/** Pools written inside listeners: the default pool of each, then those that its policies redirect to. */
function inlinePools({ listeners: inTree }: Pick<Request, 'listeners'>): (PoolInTree | null)[] {
  return inTree.flatMap((listener) => [
    listener.defaultPool,
    ...listener.l7policies.map((policy) => policy.redirectPool),
  ]);
}

/** Subnets that the members name. */
export function memberSubnets(request: Request): (string | null)[] {
  const all = [...request.pools, ...inlinePools(request).filter((pool) => pool !== null)];
  return all.flatMap((pool) => pool.members.map((member) => member.subnetId));
}

/** Objects of one request are as old as their order in it, a millisecond apart: lists and configurations keep it. */
export function inSequence({
  newId,
  now,
}: Pick<ApiDependencies, 'newId' | 'now'>): Pick<ApiDependencies, 'newId' | 'now'> {
  let next = now().getTime();
  return { newId, now: () => new Date(next++) };
}

/** Semantic validation of everything. @throws OctaviaError, never 409 */
export function planTree(
  request: Request,
  loadBalancer: LoadBalancer,
  rules: Rules & { sriovMembers: boolean },
  knownSubnets: ReadonlySet<string>,
  identify: Pick<ApiDependencies, 'newId' | 'now'>,
): Children {
  const deps = inSequence(identify);
  const tree: Children = { listeners: [], pools: [], members: [], healthMonitors: [], l7policies: [], l7rules: [] };
  const { id: loadBalancerId, projectId } = loadBalancer;
  const resolved = resolvePools(request.pools, inlinePools(request));
  for (const { members: memberFields, healthmonitor, ...input } of resolved.definitions) {
    const settled = settlePool(input, rules.pool);
    checkPoolCiphers(settled, rules.pool);
    const pool: Pool = { ...newResource(deps, projectId), ...settled, loadBalancerId };
    tree.pools.push(pool);
    if (healthmonitor) {
      const monitor = settleHealthMonitor(healthmonitor, pool.protocol, rules.healthMonitor);
      tree.healthMonitors.push({ ...newResource(deps, projectId), ...monitor, poolId: pool.id });
    }
    for (const fields of memberFields) {
      checkMemberAddresses(fields, rules.addresses);
      requireSubnet(fields.subnetId, knownSubnets);
      const status = newMemberStatus(Boolean(healthmonitor));
      const member = settleMember(fields, rules.sriovMembers);
      tree.members.push({ ...newResource(deps, projectId, status), ...member, poolId: pool.id });
    }
  }
  const nextInlinePool = () => {
    const index = resolved.inlinePools.shift();
    return tree.pools[index ?? -1] ?? null;
  };
  for (const { defaultPool: _resolved, l7policies: policies, ...fields } of request.listeners) {
    if (fields.defaultPoolId !== null) throw notFound('Pool', fields.defaultPoolId);
    const pool = nextInlinePool();
    if (pool) checkPoolFitsListener(pool.protocol, fields.protocol);
    const settled = settleListener(fields, rules.listener, vipAddresses(loadBalancer));
    checkListenerCiphers(settled, rules.listener);
    checkCidrsBesideGroups(settled.allowedCidrs, loadBalancer.vip.securityGroupIds);
    const created = { ...newResource(deps, projectId), ...settled, defaultPoolId: pool?.id ?? null, loadBalancerId };
    tree.listeners.push(created);
    planPolicies(tree, created, policies, nextInlinePool, deps);
  }
  return tree;
}

function planPolicies(
  tree: Children,
  listener: Listener,
  given: ListenerInTree['l7policies'],
  nextInlinePool: () => Pool | null,
  deps: Pick<ApiDependencies, 'newId' | 'now'>,
): void {
  if (given.length > 0 && listener.protocol === 'PROMETHEUS') throw new OctaviaError('PROMETHEUS_CHILD');
  const { projectId, id: listenerId } = listener;
  const placed: L7Policy[] = [];
  for (const { position, rules, redirectPool: _resolved, ...fields } of given) {
    const pool = nextInlinePool();
    const settled = settleL7Policy({ ...fields, redirectPoolId: fields.redirectPoolId ?? pool?.id ?? null });
    if (settled.redirectPoolId !== null) requireOwnPool(fields, pool, listener);
    const policy: L7Policy = { ...newResource(deps, projectId), ...settled, listenerId, position: 0 };
    // As if they were created one after the other.
    placed.splice((position ?? placed.length + 1) - 1, 0, policy);
    tree.l7policies.push(policy);
    for (const rule of rules) {
      tree.l7rules.push({
        ...newResource(deps, projectId),
        name: '',
        ...settleL7Rule(rule),
        l7policyId: policy.id,
      });
    }
  }
  placed.forEach((policy, index) => {
    policy.position = index + 1;
  });
}

/** No pool has an id yet: a policy names one of the request, or none that exists. */
function requireOwnPool(
  { redirectPoolId }: Pick<L7PolicyInTree, 'redirectPoolId'>,
  pool: Pool | null,
  { protocol }: Listener,
): void {
  if (redirectPoolId !== null || pool === null) throw notFound('Pool', redirectPoolId ?? '');
  checkPoolFitsListener(pool.protocol, protocol);
}

/** @throws OctaviaError DUPLICATE_LISTENER, DUPLICATE_MEMBER, TOO_MANY_RULES */
export function checkUnique(tree: Children): void {
  tree.listeners.forEach((listener, index) => {
    checkPortFree(listener, tree.listeners.slice(0, index));
  });
  for (const pool of tree.pools) {
    const own = tree.members.filter((member) => member.poolId === pool.id);
    own.forEach((member, index) => {
      checkEndpointFree(member, own.slice(0, index));
    });
  }
  for (const { id } of tree.l7policies) {
    checkRuleCount(id, tree.l7rules.filter((rule) => rule.l7policyId === id).length);
  }
}
