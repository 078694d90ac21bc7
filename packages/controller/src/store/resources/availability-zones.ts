import { type AvailabilityZone, NIL } from '../../domain/catalog.ts';
import { OctaviaError } from '../../errors.ts';
import { type Executor, isUniqueViolation, type Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import type { Written } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { Table } from '../core/table.ts';

/** Keyed by name, and sorted by it. */
const table = new Table<AvailabilityZone, 'availability_zone', AvailabilityZone & Pick<Written, 'updatedAt'>>({
  name: 'availability_zone',
  columns: {
    id: 'name',
    description: 'description',
    enabled: 'enabled',
    availabilityZoneProfileId: 'availability_zone_profile_id',
    updatedAt: 'updated_at',
  },
  visible: `t.name <> '${NIL}'`,
});

export const get = (executor: Executor, name: string) => table.get(executor, name);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);
export const update = (tx: Tx, name: string, changes: Partial<AvailabilityZone> & { updatedAt: Date }) =>
  table.update(tx, name, changes);

/** @throws OctaviaError NAME_TAKEN */
export async function insert(tx: Tx, zone: AvailabilityZone): Promise<void> {
  try {
    await table.insert(tx, zone);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new OctaviaError('NAME_TAKEN', { kind: 'availability zone', name: zone.id }, { cause: error });
  }
}

/** Deletes the zone unless a load balancer uses it; what is left of deleted ones then refers to the placeholder. */
export async function removeUnused(tx: Tx, name: string): Promise<'absent' | 'in use' | 'removed'> {
  if (!(await table.get(tx, name))) return 'absent';
  await sql`select 1 from availability_zone where name = ${name} for update`.execute(tx);
  const { rows } = await sql`
    select 1 from load_balancer where availability_zone = ${name} and provisioning_status <> 'DELETED' limit 1`.execute(
    tx,
  );
  if (rows.length > 0) return 'in use';
  await sql`update load_balancer set availability_zone = ${NIL} where availability_zone = ${name}`.execute(tx);
  await table.remove(tx, name);
  return 'removed';
}

export interface ZoneInUse {
  enabled: boolean;
  providerName: string;
  availabilityZoneData: string;
}

/** What a new load balancer needs to know; the zone cannot be deleted until the transaction ends. */
export async function hold(tx: Tx, name: string): Promise<ZoneInUse | null> {
  const { rows } = await sql<ZoneInUse>`
    select z.enabled, p.provider_name as "providerName", p.availability_zone_data as "availabilityZoneData"
    from availability_zone z join availability_zone_profile p on p.id = z.availability_zone_profile_id
    where z.name = ${name} and z.name <> ${NIL} for key share of z`.execute(tx);
  return rows[0] ?? null;
}
