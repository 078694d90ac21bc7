/** Changes of a load balancer that exists and of what is below it: under the lock of the tree, carried out by an operation. */
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { OperationKind } from '../../domain/operations.ts';
import type { LoadBalancer, Resource } from '../../domain/resources.ts';
import { CHANGES } from '../../domain/status-transitions.ts';
import { OctaviaError } from '../../errors.ts';
import type { Place } from '../../status/waiting.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type AtOnce, changeRoute, type Declaration, type Draft, type Target, type UnderLock } from './change.ts';
import type { LockedTree } from './tree-lock.ts';

export interface InTree extends Target {
  tree: Pick<LockedTree, 'loadBalancer'>;
  /** What is changed in it; left out: the load balancer itself, or something new. */
  child?: object;
}

/** The same with its tree locked. */
type Held<Found extends InTree> = Found & { tree: LockedTree };

export interface TreeDraft extends Draft {
  /** The object as it will be: it leads to what waits with it. Of a batch, `{ poolId }`. */
  place: Place;
  /** What an update writes of the object. */
  written?: object;
}

export interface TreeChange<Asked, Found extends InTree, D extends TreeDraft>
  extends Declaration<Asked, Found, D>,
    Omit<UnderLock<Asked, Held<Found>, D>, 'waits'> {
  /** Statements that write the change in the round trip that makes everything wait. */
  parts?(draft: D): Parameters<LockedTree['setPending']>[2];
  atOnce?: AtOnce<Asked, Found, D>;
}

function requireState({ id, provisioningStatus: state }: LoadBalancer, kind: OperationKind): void {
  if (!CHANGES[kind].admittedIn.includes(state)) throw new OctaviaError('LB_INVALID_STATE', { state, id });
}

/** Of changes of the load balancer itself its state decides; all others need everything above them ACTIVE. */
export function treeChange<Asked, Found extends InTree, D extends TreeDraft>(
  server: FastifyInstance,
  deps: ApiDependencies,
  declared: TreeChange<Asked, Found, D>,
): void {
  const { kind, lock, parts, write } = declared;
  const isCreate = declared.method === 'POST';
  const isOfLoadBalancer = CHANGES[kind].object === 'load_balancer';
  changeRoute<Asked, Found, Held<Found>, D>(server, deps, {
    ...declared,
    served: ({ tree }) => tree.loadBalancer,
    locked: {
      lock,
      waits: (_tx, { tree }, draft) => tree.setPending(kind, draft.place, parts?.(draft)),
      write,
      admit: (_tx, { projectId, tree }, { units, limits, leaving }) =>
        isOfLoadBalancer ? requireState(tree.loadBalancer, kind) : tree.reserve(projectId, units, limits, leaving),
      submit: (provider, tx, held, change, { written }) => {
        const before = held.child ?? held.tree.loadBalancer;
        const mentioned = written ? mentionedIn(before, written) : null;
        return provider.submit(tx, change, isCreate ? undefined : { before, mentioned });
      },
    },
  });
}

/** What is written although it is as it was follows from something else, or changes nothing. */
const mentionedIn = (before: object, written: object): object =>
  Object.fromEntries(
    Object.entries(written).filter(
      ([name, value]) => !isDeepStrictEqual(value, (before as Record<string, unknown>)[name]),
    ),
  );

/** What is changed in a locked tree, or the tree itself, with whose it is. */
export const owned = <T extends { tree: LockedTree; child?: Pick<Resource, 'projectId'> }>(locked: T) => ({
  ...locked,
  projectId: (locked.child ?? locked.tree.loadBalancer).projectId,
});

/** Nothing new, and nothing that a provider could be unable to do. */
export const removal = (object: Place & { id: string }) => ({
  resourceId: object.id,
  place: object,
  makes: {},
  candidate: null,
});
