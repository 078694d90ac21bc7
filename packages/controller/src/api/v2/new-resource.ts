import type { Resource } from '../../domain/resources.ts';
import type { OperatingStatus } from '../../domain/statuses.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** What the service decides about a new object. */
export function newResource(
  { newId, now }: Pick<ApiDependencies, 'newId' | 'now'>,
  projectId: string,
  operatingStatus: OperatingStatus = 'OFFLINE',
): Omit<Resource, 'name' | 'adminStateUp' | 'tags'> {
  return {
    id: newId(),
    projectId,
    provisioningStatus: 'PENDING_CREATE',
    operatingStatus,
    statusReason: null,
    statusCode: null,
    createdAt: now(),
    updatedAt: null,
  };
}

/**
 * What an accepted change writes: only the fields it names, because statuses measured by heartbeats change beside it
 * without taking the tree's lock.
 */
export function pendingUpdate<T extends object>({ now }: Pick<ApiDependencies, 'now'>, change: T) {
  return { ...change, provisioningStatus: 'PENDING_UPDATE' as const, updatedAt: now() };
}

/** Without a monitor nobody measures a member. */
export const newMemberStatus = (monitored: boolean): OperatingStatus => (monitored ? 'OFFLINE' : 'NO_MONITOR');
