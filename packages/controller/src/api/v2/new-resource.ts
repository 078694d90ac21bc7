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
    createdAt: now(),
    updatedAt: null,
  };
}
