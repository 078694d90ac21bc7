/** Changes of a load balancer that exists and of what is below it: under the lock of the tree, carried out by an operation. */
import type { FastifyInstance } from 'fastify';
import type { LoadBalancer, Resource } from '../../domain/resources.ts';
import type { ProvisioningStatus } from '../../domain/statuses.ts';
import { OctaviaError } from '../../errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type AtOnce, changeRoute, type Declaration, type Draft, type Target, type UnderLock } from './change.ts';
import type { LockedTree } from './tree-lock.ts';

export interface InTree extends Target {
  tree: Pick<LockedTree, 'loadBalancer'>;
}

/** The same with its tree locked. */
export type Held<Found extends InTree> = Found & { tree: LockedTree };

export interface TreeChange<Asked, Found extends InTree, D extends Draft>
  extends Declaration<Asked, Found, D>,
    UnderLock<Asked, Held<Found>, D> {
  /** Of changes of the load balancer itself, the states that admit them; all others need everything above them ACTIVE. */
  admittedIn?: readonly ProvisioningStatus[];
  atOnce?: AtOnce<Asked, Found, D>;
}

function requireState({ id, provisioningStatus: state }: LoadBalancer, admitted: readonly ProvisioningStatus[]): void {
  if (!admitted.includes(state)) throw new OctaviaError('LB_INVALID_STATE', { state, id });
}

export function treeChange<Asked, Found extends InTree, D extends Draft>(
  server: FastifyInstance,
  deps: ApiDependencies,
  declared: TreeChange<Asked, Found, D>,
): void {
  const { admittedIn, lock, waits, write } = declared;
  changeRoute<Asked, Found, Held<Found>, D>(server, deps, {
    ...declared,
    served: ({ tree }) => tree.loadBalancer,
    locked: {
      lock,
      waits,
      write,
      admit: (_tx, { projectId, tree }, { units, limits, leaving }) =>
        admittedIn ? requireState(tree.loadBalancer, admittedIn) : tree.reserve(projectId, units, limits, leaving),
      submit: (provider, tx, _held, change) => provider.submit(tx, change),
    },
  });
}

/** What is changed in a locked tree, or the tree itself, with whose it is. */
export const owned = <T extends { tree: LockedTree; child?: Pick<Resource, 'projectId'> }>(locked: T) => ({
  ...locked,
  projectId: (locked.child ?? locked.tree.loadBalancer).projectId,
});

/** Nothing new, and nothing that a provider could be unable to do. */
export const removal = ({ id }: Pick<Resource, 'id'>) => ({ resourceId: id, makes: {}, candidate: null });

export const PENDING_DELETE = { provisioningStatus: 'PENDING_DELETE' } as const;
