/** Which rows of a tree are served, and in which order. */
import type { L7Policy, L7PolicyAction, L7Rule, Listener, LoadBalancerTree, Pool, Resource } from './resources.ts';
import { isConnectionless } from './validation/protocols.ts';

/** Flows render before they remove a row, so a row on its way out must already be gone from the configuration. */
function isLeaving(resource: Resource): boolean {
  return resource.provisioningStatus === 'PENDING_DELETE' || resource.provisioningStatus === 'DELETED';
}

/** Oldest first, so that the same load balancer gives the same text however the rows were read. */
export function inOrder<T extends Resource>(resources: readonly T[]): T[] {
  return resources
    .filter((resource) => !isLeaving(resource))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
}

const BY_PARENT = new WeakMap<readonly Resource[], ReadonlyMap<string, Resource[]>>();

/**
 * Those below one parent, oldest first. The children of a tree are sorted once and not for each parent: 200 pools with 2,000
 * members took longer than everything else together.
 */
export function below<T extends Resource>(
  children: readonly T[],
  parentOf: (child: T) => string,
  parentId: string,
): readonly T[] {
  let byParent = BY_PARENT.get(children) as ReadonlyMap<string, T[]> | undefined;
  if (!byParent) {
    byParent = Map.groupBy(inOrder(children), parentOf);
    BY_PARENT.set(children, byParent);
  }
  return byParent.get(parentId) ?? [];
}

/** Every listener that clients can reach, whoever serves it. */
export function openListeners(tree: LoadBalancerTree): Listener[] {
  if (!tree.loadBalancer.adminStateUp || isLeaving(tree.loadBalancer)) return [];
  return inOrder(tree.listeners).filter((listener) => listener.adminStateUp);
}

/** HAProxy's share: UDP and SCTP are balanced by the kernel. */
export const servedListeners = (tree: LoadBalancerTree): Listener[] =>
  openListeners(tree).filter(({ protocol }) => !isConnectionless(protocol));

/** Whether the listener cannot be served without certificates. */
export function needsCertificates(listener: Listener): boolean {
  const { protocol, defaultTlsContainerRef, sniContainerRefs } = listener;
  if (protocol === 'TERMINATED_HTTPS') return true;
  return protocol === 'PROMETHEUS' && (defaultTlsContainerRef !== null || sniContainerRefs.length > 0);
}

function servedPool(tree: LoadBalancerTree, poolId: string | null): Pool | null {
  const [pool] = poolId === null ? [] : below(tree.pools, ({ id }) => id, poolId);
  return pool?.adminStateUp ? pool : null;
}

/** The listener's default pool. Null when it has none, or one that is switched off: clients then get 503. */
export const servedDefaultPool = (tree: LoadBalancerTree, listener: Listener): Pool | null =>
  servedPool(tree, listener.defaultPoolId);

export interface ServedPolicy {
  policy: L7Policy;
  /** At least one; all must match. */
  rules: L7Rule[];
  /** Where REDIRECT_TO_POOL leads. */
  pool: Pool | null;
}

/** Refusals come before redirects and those before pools, whatever their positions (API contract LP-EVAL). */
const EVALUATION: Record<L7PolicyAction, number> = {
  REJECT: 0,
  REDIRECT_TO_URL: 1,
  REDIRECT_PREFIX: 1,
  REDIRECT_TO_POOL: 2,
};

/**
 * The listener's policies in the order in which they are asked. Those without rules never match, and one whose pool is
 * switched off is passed over.
 */
export function servedPolicies(tree: LoadBalancerTree, listener: Listener): ServedPolicy[] {
  return below(tree.l7policies, (policy) => policy.listenerId, listener.id)
    .filter((policy) => policy.adminStateUp)
    .sort((a, b) => EVALUATION[a.action] - EVALUATION[b.action] || a.position - b.position)
    .map((policy) => ({
      policy,
      rules: below(tree.l7rules, (rule) => rule.l7policyId, policy.id).filter((rule) => rule.adminStateUp),
      pool: servedPool(tree, policy.redirectPoolId),
    }))
    .filter(({ policy, rules, pool }) => rules.length > 0 && (policy.action !== 'REDIRECT_TO_POOL' || pool !== null));
}

/** Every pool that the listener sends to, the default pool first, each once. */
export function servedPools(tree: LoadBalancerTree, listener: Listener): Pool[] {
  const pools = [servedDefaultPool(tree, listener), ...servedPolicies(tree, listener).map(({ pool }) => pool)];
  return [...new Set(pools.filter((pool) => pool !== null))];
}
