/** What earlier operations left in ERROR for a cause that can pass, when a later one brings the whole tree into force. */
import type { LoadBalancerTree, Resource } from '../../domain/resources.ts';
import { type FailedChange, failedChanges } from '../../status/failed-changes.ts';
import { markPending, restoreError } from '../../status/under-way.ts';
import type { StepContext } from '../flow.ts';
import { TRANSIENT_ERRORS } from '../transient-errors.ts';

const childrenOf = (tree: LoadBalancerTree): Resource[] => [
  ...tree.listeners,
  ...tree.pools,
  ...tree.members,
  ...tree.healthMonitors,
  ...tree.l7policies,
  ...tree.l7rules,
];

const hasFailure = ({ provisioningStatus, statusCode }: Resource): boolean =>
  statusCode !== null && (provisioningStatus === 'ERROR' || provisioningStatus === 'PENDING_UPDATE');

/** Most trees have none, and nothing is asked then. */
export async function failedChangesOf(
  { store, operation }: StepContext,
  tree: LoadBalancerTree,
): Promise<FailedChange[]> {
  if (!childrenOf(tree).some(hasFailure)) return [];
  return failedChanges(store.db, operation.loadBalancerId, TRANSIENT_ERRORS, operation.id);
}

const isToGo = ({ waited }: FailedChange): boolean => waited === 'PENDING_DELETE';

/** Ids of what could not be deleted: that it is in force is not what was wished. */
export const toBeDeleted = (children: readonly FailedChange[]): string[] => children.filter(isToGo).map(({ id }) => id);

/** Ids of everything that the listeners may have been refused for. */
function below(tree: LoadBalancerTree, listenerIds: ReadonlySet<string>): Set<string> {
  const policies = tree.l7policies.filter(({ listenerId }) => listenerIds.has(listenerId));
  const policyIds = new Set(policies.map(({ id }) => id));
  const listeners = tree.listeners.filter(({ id }) => listenerIds.has(id));
  const poolIds = new Set([
    ...listeners.map(({ defaultPoolId }) => defaultPoolId),
    ...policies.map(({ redirectPoolId }) => redirectPoolId),
  ]);
  return new Set([
    ...listenerIds,
    ...policyIds,
    ...tree.l7rules.filter(({ l7policyId }) => policyIds.has(l7policyId)).map(({ id }) => id),
    ...tree.pools.filter(({ id }) => poolIds.has(id)).map(({ id }) => id),
    ...[...tree.members, ...tree.healthMonitors].filter(({ poolId }) => poolIds.has(poolId)).map(({ id }) => id),
  ]);
}

/**
 * All amphorae have the tree: what failed only because one of them could not be reached is in force, and ACTIVE once the
 * operation has succeeded. Not what stands below a listener that they do without: it may be why.
 */
export async function fulfil(
  { store }: StepContext,
  tree: LoadBalancerTree,
  children: readonly FailedChange[],
  withoutListeners: ReadonlySet<string>,
): Promise<void> {
  const suspects = below(tree, withoutListeners);
  const inForce = children.filter(({ id, waited, repeated }) => repeated && waited !== null && !suspects.has(id));
  await markPending(store.db, inForce);
  // What is to be deleted is in force, too; that is not what was wished.
  await restoreError(store.db, children.filter(isToGo));
}
