/** What each line of a plan does to traffic. */
import { type Effect, effectOfMember, effectOfMemberUpdate, effectOfUpdate } from '../../domain/change-effects.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import type { DesiredKind, FieldChange } from './attributes.ts';

interface Changed {
  action: 'create' | 'update' | 'delete';
  kind: DesiredKind;
  id: string;
  fields: readonly Pick<FieldChange, 'name'>[];
}

/** A pool that nobody sends to is in no configuration. */
export function effectsBetween(before: Children, after: Children): (line: Changed) => Effect {
  const trees = [before, after];
  const used = new Set(
    trees.flatMap(({ listeners, l7policies }) => [
      ...listeners.map(({ defaultPoolId }) => defaultPoolId),
      ...l7policies.map(({ redirectPoolId }) => redirectPoolId),
    ]),
  );
  const find = <T extends { id: string }>(of: (tree: Children) => T[], id: string): T | undefined =>
    trees.map((tree) => of(tree).find((one) => one.id === id)).find((one) => one !== undefined);
  return ({ action, kind, id, fields }) => {
    const names = fields.map(({ name }) => name);
    if (kind === 'member') {
      const poolId = find((tree) => tree.members, id)?.poolId ?? '';
      const pool = find((tree) => tree.pools, poolId);
      if (!pool) return 'reload';
      const inUse = { pool, isUsed: used.has(poolId) };
      return action === 'update' ? effectOfMemberUpdate(inUse, names) : effectOfMember(inUse, action === 'create');
    }
    const poolId =
      kind === 'pool' ? id : kind === 'health_monitor' ? find((tree) => tree.healthMonitors, id)?.poolId : null;
    const isUsed = poolId === null || used.has(poolId ?? '');
    if (action === 'update') return effectOfUpdate(names, isUsed);
    return isUsed ? 'reload' : 'none';
  };
}
