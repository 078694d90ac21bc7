import type { Pool } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';

/** Members and health monitors change only while their pool is ACTIVE. @throws OctaviaError IMMUTABLE */
export function requirePoolActive(pool: Pick<Pool, 'id' | 'provisioningStatus'>): void {
  if (pool.provisioningStatus !== 'ACTIVE') throw new OctaviaError('IMMUTABLE', { kind: 'Pool', id: pool.id });
}
