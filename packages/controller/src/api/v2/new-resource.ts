import type { Resource } from '../../domain/resources.ts';
import { newStatuses } from '../../domain/status-transitions.ts';
import type { OperatingStatus } from '../../domain/statuses.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** What the service decides about a new object. */
export function newResource(
  { newId, now }: Pick<ApiDependencies, 'newId' | 'now'>,
  projectId: string,
  operatingStatus?: OperatingStatus,
): Omit<Resource, 'name' | 'adminStateUp' | 'tags'> {
  return { id: newId(), projectId, ...newStatuses(operatingStatus), createdAt: now(), updatedAt: null };
}

/**
 * What an accepted change writes: only the fields it names, because statuses measured by heartbeats change beside it
 * without taking the tree's lock. The tree's `setPending` writes what the object waits for.
 */
export const changed = <T extends object>({ now }: Pick<ApiDependencies, 'now'>, change: T) => ({
  ...change,
  updatedAt: now(),
});
