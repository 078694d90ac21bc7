import { sql } from 'kysely';
import { type AvailabilityZoneProfile, NIL } from '../domain/catalog.ts';
import type { Executor, Tx } from './database.ts';
import type { ListQuery } from './list-query.ts';
import { Table } from './table.ts';

const table = new Table<AvailabilityZoneProfile>({
  name: 'availability_zone_profile',
  columns: {
    id: 'id',
    name: 'name',
    providerName: 'provider_name',
    availabilityZoneData: 'availability_zone_data',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  visible: `t.id <> '${NIL}'`,
});

export const insert = (tx: Tx, profile: AvailabilityZoneProfile) => table.insert(tx, profile);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (tx: Tx, id: string, changes: Partial<AvailabilityZoneProfile> & { updatedAt: Date }) =>
  table.update(tx, id, changes);
export const remove = (tx: Tx, id: string) => table.remove(tx, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

/** Nobody can begin to use the profile, or delete it, until the transaction ends. Null when there is none. */
export async function lock(tx: Tx, id: string): Promise<{ profile: AvailabilityZoneProfile; inUse: boolean } | null> {
  if (!(await table.get(tx, id))) return null;
  await sql`select 1 from availability_zone_profile where id = ${id} for update`.execute(tx);
  const profile = await table.get(tx, id);
  const { rows } =
    await sql`select 1 from availability_zone where availability_zone_profile_id = ${id} limit 1`.execute(tx);
  return profile && { profile, inUse: rows.length > 0 };
}

/** Whether it exists; then it does until the transaction ends. */
export async function hold(tx: Tx, id: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from availability_zone_profile where id = ${id} and id <> ${NIL} for key share`.execute(tx);
  return rows.length > 0;
}
