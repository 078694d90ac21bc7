/**
 * The lock of a tree. The row of the load balancer is locked first and its state is judged later, because errors of the
 * request itself come before 409 in the order of the contract (VAL-ORDER); nothing can change in between.
 */
import type { OperationKind } from '../../domain/operations.ts';
import type { QuotaUnits } from '../../domain/quotas.ts';
import type { L7Policy, LoadBalancer, Pool } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { type Place, setPending } from '../../status/waiting.ts';
import type { Tx } from '../../store/core/database.ts';
import type { Sql } from '../../store/core/sql.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import * as pools from '../../store/resources/pools.ts';
import * as quotas from '../../store/resources/quotas.ts';
import { RouteFault } from '../faults.ts';
import { found, type Kind, notFound } from './not-found.ts';

export interface LockedTree {
  loadBalancer: LoadBalancer;
  /** @throws OctaviaError IMMUTABLE unless the load balancer is ACTIVE, and the pool or policy that the change is below */
  requireActive(): void;
  /**
   * Counts what the change creates, and requires what `requireActive` does. Quota is judged before the state
   * (VAL-ORDER), but it is taken, and waited for, only by a change that can be accepted: whoever waits holds up the operation
   * that is to make the load balancer ACTIVE again.
   * @throws OctaviaError QUOTA_EXCEEDED, PROJECT_BUSY, IMMUTABLE
   */
  reserve(projectId: string, units: QuotaUnits, rules: quotas.QuotaRules, leaving?: QuotaUnits): Promise<void>;
  /**
   * The object of the change, what it hangs on and the load balancer wait for it, as `domain/status-transitions.ts` says.
   * Attributes, and new objects, are written after it.
   * @param place the object, as it is or will be; of a batch, `{ poolId }`
   * @param also statements that write the change in the same round trip
   */
  setPending(kind: OperationKind, place: Place, also?: readonly Sql[]): Promise<void>;
}

interface Above extends Pick<Pool | L7Policy | LoadBalancer, 'id' | 'provisioningStatus'> {
  kind: 'Pool' | 'L7Policy' | 'Load Balancer';
}

/** Null when the load balancer does not exist. */
export async function lockTree(tx: Tx, loadBalancerId: string): Promise<LockedTree | null> {
  const loadBalancer = await loadBalancers.lock(tx, loadBalancerId);
  return loadBalancer && treeOf(tx, loadBalancer, []);
}

/** The same tree for a change below this pool or policy, which is what a refusal names when both are locked. */
export const below = (
  tx: Tx,
  { loadBalancer }: LockedTree,
  kind: 'Pool' | 'L7Policy',
  { id, provisioningStatus }: Pool | L7Policy,
): LockedTree => treeOf(tx, loadBalancer, [{ kind, id, provisioningStatus }]);

function treeOf(tx: Tx, loadBalancer: LoadBalancer, parents: readonly Above[]): LockedTree {
  const { id, provisioningStatus } = loadBalancer;
  const above: Above[] = [...parents, { kind: 'Load Balancer', id, provisioningStatus }];
  const locked = above.find((one) => one.provisioningStatus !== 'ACTIVE');
  const requireActive = () => {
    if (locked) throw new OctaviaError('IMMUTABLE', { kind: locked.kind, id: locked.id });
  };
  return {
    loadBalancer,
    requireActive,
    async reserve(projectId, units, rules, leaving) {
      const judge = locked ? quotas.requireRoom : quotas.reserve;
      await judge(tx, projectId, units, rules, leaving);
      requireActive();
    },
    setPending: (kind, place, also) => setPending(tx, kind, id, place, also),
  };
}

/**
 * A child with its tree locked. It is read again under the lock: a running operation may have removed it while we waited.
 * Null when there is no such child (any more).
 */
export async function lockChild<T>(
  tx: Tx,
  find: () => Promise<T | null>,
  loadBalancerIdOf: (child: T) => string | Promise<string | null>,
): Promise<{ child: T; tree: LockedTree } | null> {
  const found = await find();
  const loadBalancerId = found && (await loadBalancerIdOf(found));
  const tree = loadBalancerId ? await lockTree(tx, loadBalancerId) : null;
  const child = tree && (await find());
  return child ? { child, tree } : null;
}

/**
 * The same for children that stand directly below their load balancer: listeners and pools.
 * @throws OctaviaError NOT_FOUND
 */
export async function lockDirectChild<T extends { loadBalancerId: string }>(
  tx: Tx,
  get: (tx: Tx, id: string) => Promise<T | null>,
  kind: Kind,
  id: string,
): Promise<{ child: T; tree: LockedTree }> {
  const locked = await lockChild(
    tx,
    () => get(tx, id),
    ({ loadBalancerId }) => loadBalancerId,
  );
  return found(locked, kind, id);
}

/**
 * For what stands below a pool. A pool never changes its load balancer: what was read before the transaction says what to
 * lock. @throws RouteFault NOT_FOUND
 */
export async function lockPool(tx: Tx, { id, loadBalancerId }: Pool): Promise<{ pool: Pool; tree: LockedTree }> {
  const tree = await lockTree(tx, loadBalancerId);
  const pool = tree && (await pools.get(tx, id));
  if (!pool) throw new RouteFault(notFound('Pool', id));
  return { pool, tree: below(tx, tree, 'Pool', pool) };
}
