/** Which column of a table holds which field of a type of ours. What does not fit does not compile. */
import type { Rows } from './rows.ts';
import { type Sql, sql } from './sql.ts';

export type TableName = keyof Rows;

type Nullable<V> = null extends V ? true : undefined extends V ? true : false;

/** Words of a type of ours are words of the column's type; and the field may be null when the column may, not else. */
type Holds<C, V> = [Exclude<V, null | undefined>] extends [Exclude<C, null>]
  ? Nullable<V> extends Nullable<C>
    ? Nullable<C> extends Nullable<V>
      ? true
      : false
    : false
  : false;

/** Names of the table's columns that can hold the field. */
type ColumnFor<N extends TableName, V> = {
  [C in keyof Rows[N]]: Holds<Rows[N][C], V> extends true ? C : never;
}[keyof Rows[N]] &
  string;

/** Field → column, for every field of the type. */
export type Columns<N extends TableName, T> = { readonly [F in keyof T]-?: ColumnFor<N, T[F]> };

/** SQL: the columns of the table's alias, under the names of the fields. */
export const selection = <N extends TableName, T>(alias: string, columns: Columns<N, T>): Sql<T> =>
  sql.raw<T>(
    Object.entries<string>(columns)
      .map(([field, column]) => `${alias}."${column}" as "${field}"`)
      .join(', '),
  );
