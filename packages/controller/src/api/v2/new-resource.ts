import type { Pool, Resource } from '../../domain/resources.ts';
import type { OperatingStatus } from '../../domain/statuses.ts';
import type { Tx } from '../../store/database.ts';
import * as healthMonitors from '../../store/health-monitors.ts';
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
export const newMemberStatus = async (tx: Tx, pool: Pool): Promise<OperatingStatus> =>
  (await healthMonitors.byPool(tx, pool.id)).length > 0 ? 'OFFLINE' : 'NO_MONITOR';
