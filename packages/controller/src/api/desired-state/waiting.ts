/** Who waits for the change, and for what. */
import type { OperationInput } from '../../domain/operations.ts';
import type { ChildKind, Pending } from '../../domain/status-transitions.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import type { FieldChange } from './attributes.ts';
import type { Plan } from './plan.ts';

/** Which children the operation is about, and what each of them waits for. */
export function inputOf({ created, updates, deleted }: Plan, fields: readonly FieldChange[]): OperationInput {
  const waited = new Map<string, Pending>();
  for (const rows of Object.values(created) as { id: string }[][])
    for (const { id } of rows) waited.set(id, 'PENDING_CREATE');
  for (const { id } of updates) waited.set(id, 'PENDING_UPDATE');
  for (const { id } of deleted) waited.set(id, 'PENDING_DELETE');
  return {
    memberIds: [...waited.keys()],
    waited: Object.fromEntries(waited),
    ...(fields.length > 0 ? { changesLoadBalancer: true } : {}),
  };
}

/** What is there and waits: what is changed, and what stands above anything that is new, changed or goes. */
export function waitingIn(before: Children, plan: Plan) {
  const wishes = new Map<ChildKind, Map<string, Pending>>();
  const wish = (kind: ChildKind, id: string, pending: Pending) => {
    wishes.set(kind, (wishes.get(kind) ?? new Map<string, Pending>()).set(id, pending));
  };
  for (const { kind, id } of plan.updates) wish(kind, id, 'PENDING_UPDATE');
  for (const { kind, id } of plan.deleted) wish(kind, id, 'PENDING_DELETE');
  const above = { pool: new Set<string>(), listener: new Set<string>(), l7policy: new Set<string>() };
  const trees = [before, plan.after];
  const isConcerned = ({ id }: { id: string }) => concerned.has(id);
  const concerned = new Set(Object.keys(inputOf(plan, []).waited ?? {}));
  for (const tree of trees) {
    for (const own of [...tree.members, ...tree.healthMonitors].filter(isConcerned)) above.pool.add(own.poolId);
    for (const own of tree.l7rules.filter(isConcerned)) above.l7policy.add(own.l7policyId);
  }
  const isPool = (id: string | null) => id !== null && (concerned.has(id) || above.pool.has(id));
  for (const tree of trees) {
    for (const own of tree.l7policies) {
      if (concerned.has(own.id) || above.l7policy.has(own.id) || isPool(own.redirectPoolId))
        above.listener.add(own.listenerId);
    }
    for (const own of tree.listeners) if (isPool(own.defaultPoolId)) above.listener.add(own.id);
  }
  const waiting = (['pool', 'listener', 'l7policy'] as const).map((kind) => {
    const ids = [...above[kind]].filter((id) => !wishes.get(kind)?.has(id));
    return [kind, ids] as const;
  });
  return { wishes, above: new Map(waiting) };
}
