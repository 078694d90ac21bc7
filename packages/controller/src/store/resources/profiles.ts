/** Profiles of the operator's offer: what flavors and availability zones have in common. */

import { NIL } from '../../domain/catalog.ts';
import type { Columns, TableName } from '../core/columns.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import type { Written } from '../core/resource-columns.ts';
import { type Sql, sql } from '../core/sql.ts';
import { Table } from '../core/table.ts';

export interface ProfileStore<P extends { id: string }> {
  insert(tx: Tx, profile: P): Promise<void>;
  get(executor: Executor, id: string): Promise<P | null>;
  update(tx: Tx, id: string, changes: Partial<P> & { updatedAt: Date }): Promise<void>;
  remove(tx: Tx, id: string): Promise<void>;
  list(executor: Executor, query: ListQuery): Promise<P[]>;
  /** Nobody can begin to use the profile, or delete it, until the transaction ends. Null when there is none. */
  lock(tx: Tx, id: string): Promise<{ profile: P; inUse: boolean } | null>;
  /** Whether it exists; then it does until the transaction ends. */
  hold(tx: Tx, id: string): Promise<boolean>;
}

/** @param usedBy table and column that refer to profiles */
export function profileStore<P extends { id: string }, N extends TableName>(
  name: N,
  columns: Columns<N, P & Written>,
  usedBy: { table: string; column: string },
): ProfileStore<P> {
  const table = new Table<P, N, P & Written>({
    name,
    columns,
    // Nobody sees when one was made.
    order: ['id'],
    visible: `t.id <> '${NIL}'`,
  });
  const rows = async (tx: Tx, statement: Sql) => (await statement.execute(tx)).rows;
  return {
    insert: (tx, profile) => table.insert(tx, profile),
    get: (executor, id) => table.get(executor, id),
    update: (tx, id, changes) => table.update(tx, id, changes),
    remove: (tx, id) => table.remove(tx, id),
    list: (executor, query) => table.list(executor, query),
    async lock(tx, id) {
      if (!(await table.get(tx, id))) return null;
      await rows(tx, sql`select 1 from ${sql.table(name)} where id = ${id} for update`);
      const profile = await table.get(tx, id);
      const users = await rows(
        tx,
        sql`select 1 from ${sql.table(usedBy.table)} where ${sql.ref(usedBy.column)} = ${id} limit 1`,
      );
      return profile && { profile, inUse: users.length > 0 };
    },
    hold: async (tx, id) =>
      (await rows(tx, sql`select 1 from ${sql.table(name)} where id = ${id} and id <> ${NIL} for key share`)).length >
      0,
  };
}

/** The data of what a load balancer has chosen; null: it chose none. */
export interface ChosenProfiles {
  flavorData: string | null;
  availabilityZoneData: string | null;
}

export async function chosenBy(executor: Executor, loadBalancerId: string): Promise<ChosenProfiles> {
  const { rows } = await sql<ChosenProfiles>`
    select fp.flavor_data as "flavorData", zp.availability_zone_data as "availabilityZoneData"
    from load_balancer b
    left join flavor f on f.id = b.flavor_id
    left join flavor_profile fp on fp.id = f.flavor_profile_id
    left join availability_zone z on z.name = b.availability_zone
    left join availability_zone_profile zp on zp.id = z.availability_zone_profile_id
    where b.id = ${loadBalancerId}`.execute(executor);
  return rows[0] ?? { flavorData: null, availabilityZoneData: null };
}
