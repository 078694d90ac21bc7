import { type Flavor, NIL } from '../../domain/catalog.ts';
import { OctaviaError } from '../../errors.ts';
import { type Executor, isUniqueViolation, type Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import type { Written } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { Table } from '../core/table.ts';

const table = new Table<Flavor, 'flavor', Flavor & Written>({
  name: 'flavor',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    enabled: 'enabled',
    flavorProfileId: 'flavor_profile_id',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  // Nobody sees when one was made.
  order: ['id'],
  visible: `t.id <> '${NIL}'`,
});

export const get = (executor: Executor, id: string) => table.get(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

/** @throws OctaviaError NAME_TAKEN */
export const insert = (tx: Tx, flavor: Flavor) => unique(flavor.name, table.insert(tx, flavor));

/** @throws OctaviaError NAME_TAKEN */
export const update = (tx: Tx, id: string, changes: Partial<Flavor> & { updatedAt: Date }) =>
  unique(changes.name ?? '', table.update(tx, id, changes));

async function unique<T>(name: string, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (isUniqueViolation(error)) throw new OctaviaError('NAME_TAKEN', { kind: 'flavor', name }, { cause: error });
    throw error;
  }
}

/** Deletes the flavor unless a load balancer uses it; what is left of deleted ones then refers to the placeholder. */
export async function removeUnused(tx: Tx, id: string): Promise<'absent' | 'in use' | 'removed'> {
  if (!(await table.get(tx, id))) return 'absent';
  await sql`select 1 from flavor where id = ${id} for update`.execute(tx);
  const { rows } = await sql`
    select 1 from load_balancer where flavor_id = ${id} and provisioning_status <> 'DELETED' limit 1`.execute(tx);
  if (rows.length > 0) return 'in use';
  await sql`update load_balancer set flavor_id = ${NIL} where flavor_id = ${id}`.execute(tx);
  await table.remove(tx, id);
  return 'removed';
}

export interface FlavorInUse {
  enabled: boolean;
  providerName: string;
  flavorData: string;
}

/** What a new load balancer needs to know; the flavor cannot be deleted until the transaction ends. */
export async function hold(tx: Tx, id: string): Promise<FlavorInUse | null> {
  const { rows } = await sql<FlavorInUse>`
    select f.enabled, p.provider_name as "providerName", p.flavor_data as "flavorData"
    from flavor f join flavor_profile p on p.id = f.flavor_profile_id
    where f.id = ${id} and f.id <> ${NIL} for key share of f`.execute(tx);
  return rows[0] ?? null;
}
