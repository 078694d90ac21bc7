/** Which rows of a tree are served, and in which order. */
import type { Listener, LoadBalancerTree, Pool, Resource } from '../../domain/resources.ts';

/** Flows render before they remove a row, so a row on its way out must already be gone from the configuration. */
export function isLeaving(resource: Resource): boolean {
  return resource.provisioningStatus === 'PENDING_DELETE' || resource.provisioningStatus === 'DELETED';
}

/** Oldest first, so that the same load balancer gives the same text however the rows were read. */
export function inOrder<T extends Resource>(resources: readonly T[]): T[] {
  return resources
    .filter((resource) => !isLeaving(resource))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1));
}

export function servedListeners(tree: LoadBalancerTree): Listener[] {
  if (!tree.loadBalancer.adminStateUp || isLeaving(tree.loadBalancer)) return [];
  return inOrder(tree.listeners).filter((listener) => listener.adminStateUp);
}

/** The listener's default pool. Null when it has none, or one that is switched off: clients then get 503. */
export function servedPool(tree: LoadBalancerTree, listener: Listener): Pool | null {
  const pool = tree.pools.find((candidate) => candidate.id === listener.defaultPoolId);
  return pool?.adminStateUp && !isLeaving(pool) ? pool : null;
}
