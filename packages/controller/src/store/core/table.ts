/**
 * One resource table: columns named as domain fields by the database itself (`select vip_address as "vipAddress"`), so that
 * a list of 1,000 rows needs no per-row copying here. The single place that builds resource SQL.
 */

import { OctaviaError } from '../../errors.ts';
import { type Columns, selection, type TableName } from './columns.ts';
import type { Executor, Tx } from './database.ts';
import type { ListFilter, ListQuery } from './list-query.ts';
import { type Sql, sql } from './sql.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** PostgreSQL refuses other text in a uuid column; nothing has such an id. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** A filter value that PostgreSQL cannot read as the column's type: nothing can equal it. */
const UNREADABLE_VALUE = new Set(['22P02', '22003', '22007', '22008', '22021']);

/** `S`: the fields that are stored, where these are not the fields of `T`. */
export interface TableDefinition<T, N extends TableName, S = T> {
  name: N;
  /** Stored field → column. `id` is the key; a key whose column has another name may be any text. */
  columns: Columns<N, S>;
  /** Columns that hold JSON. */
  json?: readonly string[];
  /** Computed fields that can be filtered and sorted by: field → SQL over the table's row. */
  computed?: Record<string, string>;
  /** Fields of several values, which can be filtered by: field → SQL query of them over the table's row. */
  several?: Record<string, string>;
  /** What ends every order; when it was made and its id unless told otherwise. */
  order?: readonly string[];
  /** SQL condition of rows that exist for readers (load balancers and amphorae keep DELETED rows). */
  visible?: string;
  /** From stored fields to the domain type, with whatever else was read of the row; identity when left out. */
  compose?: (row: Record<string, unknown>) => T;
  /** From (parts of) the domain type to stored fields. */
  decompose?: (resource: Partial<T>) => Record<string, unknown>;
}

/** What was read of a row once is true of it as long as it has this version, and of no other row. */
export interface RowVersion {
  id: string;
  version: string;
}

/** SQL: the version of the row `t`. */
export const VERSION = sql<Pick<RowVersion, 'version'>>`t.xmin::text as version`;

/** Written by `status/` alone. */
type StatusField = 'provisioningStatus' | 'operatingStatus' | 'statusReason' | 'statusCode';
/** What may be changed of a row here. */
export type Attributes<T> = Partial<Omit<T, StatusField>> & { [K in StatusField]?: never };
export type AttributeChanges<T> = Attributes<T> & { id: string };

export class Table<T extends { id: string }, N extends TableName, S = T> {
  readonly definition: TableDefinition<T, N, S>;
  /** Field → column, by any name. */
  readonly #columnOf: Readonly<Record<string, string>>;
  readonly #columns: Sql;
  /** All columns by their own names. */
  readonly #stored: Sql;
  readonly #table: Sql;
  readonly #visible: Sql;
  readonly #jsonColumns: ReadonlySet<string | undefined>;
  readonly #key: Sql;
  readonly #order: readonly string[];

  constructor(definition: TableDefinition<T, N, S>) {
    this.definition = definition;
    this.#columnOf = definition.columns;
    this.#table = sql.table(definition.name);
    this.#columns = selection('t', definition.columns);
    this.#stored = sql.raw(
      Object.values(this.#columnOf)
        .map((column) => `"${column}"`)
        .join(', '),
    );
    this.#visible = sql.raw(definition.visible ?? 'true');
    this.#jsonColumns = new Set((definition.json ?? []).map((field) => this.#columnOf[field]));
    this.#key = sql.ref(`t.${this.#columnOf.id}`);
    this.#order = definition.order ?? ['createdAt', 'id'].filter((field) => field in this.#columnOf);
  }

  async insert(tx: Tx, resource: T): Promise<void> {
    const entries = this.#entries(resource);
    const names = sql.join(entries.map(([column]) => sql.ref(column)));
    await sql`insert into ${this.#table} (${names}) values (${sql.join(entries.map(([, value]) => value))})`.execute(
      tx,
    );
  }

  /**
   * Any number of rows, at least one, as part of a larger statement whose text is always the same. A condition over `v`, the
   * new rows, may follow.
   */
  insertionOf(resources: readonly T[]): Sql {
    return sql`insert into ${this.#table} (${this.#stored})
      select ${this.#stored} from ${this.#recordset(resources)} as v`;
  }

  /**
   * Changes the same fields of several rows, as part of a larger statement.
   * @param changes all with the fields of the first
   * @param also what else is assigned to all of them
   * @param condition without which nothing is changed
   */
  updatesOf(
    changes: readonly [AttributeChanges<T>, ...AttributeChanges<T>[]],
    also: Sql,
    condition: Sql = sql`true`,
  ): Sql {
    const [first] = changes;
    const columns = this.#entries(first as Partial<T>).filter(([column]) => column !== this.#columnOf.id);
    const ids = changes.map(({ id }) => id);
    const wanted = sql`${this.#key} = any(${ids}::uuid[]) and ${condition}`;
    // Most batches say the same of all: then there are no rows of JSON to be read.
    if (areSame(changes)) {
      const assignments = columns.map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
      return sql`update ${this.#table} t set ${sql.join([...assignments, also])} where ${wanted}`;
    }
    const assignments = columns.map(([column]) => sql`${sql.ref(column)} = ${sql.ref(`v.${column}`)}`);
    const key = sql.ref(`v.${this.#columnOf.id}`);
    // The ids once more: without them PostgreSQL, which does not know how many rows the JSON has, reads the whole table.
    return sql`update ${this.#table} t set ${sql.join([...assignments, also])}
      from ${this.#recordset(changes.map((change) => change as Partial<T>))} as v
      where ${this.#key} = ${key} and ${wanted}`;
  }

  /** SQL: all columns of the row `alias` of a larger query, under names that `named` knows again. */
  columnsOf(alias: string): Sql {
    const columns = Object.entries(this.#columnOf);
    return sql.raw(columns.map(([field, column]) => `${alias}."${column}" as "${alias}.${field}"`).join(', '));
  }

  /** What `columnsOf` selected. */
  named(alias: string, row: Record<string, unknown>): T {
    const fields = Object.keys(this.#columnOf);
    const [resource] = this.#compose([Object.fromEntries(fields.map((field) => [field, row[`${alias}.${field}`]]))]);
    return resource!;
  }

  get(executor: Executor, id: string): Promise<T | null>;
  get<A>(executor: Executor, id: string, also: Sql<A>): Promise<(T & A) | null>;
  async get(executor: Executor, id: string, also?: Sql): Promise<T | null> {
    if (!this.#isKey(id)) return null;
    const [row] = await this.#select(executor, sql`${this.#key} = ${id}`, also);
    return row ?? null;
  }

  /** Changes the given fields; the caller passes `updatedAt` when the change counts as one. */
  async update(tx: Executor, id: string, changes: Attributes<T>): Promise<void> {
    const entries = this.#entries(changes as Partial<T>);
    if (entries.length === 0) return;
    const assignments = sql.join(entries.map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
    await sql`update ${this.#table} t set ${assignments} where ${this.#key} = ${id}`.execute(tx);
  }

  async remove(tx: Executor, id: string): Promise<void> {
    await sql`delete from ${this.#table} t where ${this.#key} = ${id}`.execute(tx);
  }

  /** Visible rows that meet a condition over `t`, oldest first; with more columns of the same rows. */
  select(executor: Executor, condition: Sql): Promise<T[]>;
  select<A>(executor: Executor, condition: Sql, also: Sql<A>): Promise<(T & A)[]>;
  select(executor: Executor, condition: Sql, also?: Sql): Promise<T[]> {
    return this.#select(executor, condition, also);
  }

  async #select(executor: Executor, condition: Sql, also?: Sql): Promise<T[]> {
    const statement = sql<Record<string, unknown>>`
      select ${this.#with(also)} from ${this.#table} t where ${condition} and ${this.#visible}
      order by ${sql.join(this.#order.map((field) => this.#expression(field, 't')))}`;
    return this.#compose((await statement.execute(executor)).rows);
  }

  /** The same rows, locked until the transaction ends, as they are once nobody else holds them. */
  async selectForUpdate(tx: Tx, condition: Sql): Promise<T[]> {
    const statement = sql<Record<string, unknown>>`
      select ${this.#columns} from ${this.#table} t where ${condition} and ${this.#visible} for update`;
    return this.#compose((await statement.execute(tx)).rows);
  }

  /** One page in one statement (two with a marker); with more columns of the same rows. @throws OctaviaError INVALID_MARKER */
  list(executor: Executor, query: ListQuery): Promise<T[]>;
  list<A>(executor: Executor, query: ListQuery, also: Sql<A>): Promise<(T & A)[]>;
  async list(executor: Executor, query: ListQuery, also?: Sql): Promise<T[]> {
    const page = await this.#page(executor, query);
    const statement = sql<Record<string, unknown>>`select ${this.#with(also)} ${page}`;
    const rows = await readable(async () => (await statement.execute(executor)).rows);
    return this.#compose(query.reverse ? rows.reverse() : rows);
  }

  /** Ids and versions of the same page. One row for all: the driver takes its time with each. @throws OctaviaError INVALID_MARKER */
  async versions(executor: Executor, query: ListQuery): Promise<RowVersion[]> {
    const page = sql`select ${this.#key} as id, ${VERSION} ${await this.#page(executor, query)}`;
    const statement = sql<{ ids: string[] | null; versions: string }>`
      select array_agg(id) as ids, string_agg(version, ',') as versions from (${page}) page`;
    const [found] = await readable(async () => (await statement.execute(executor)).rows);
    const versions = found?.versions?.split(',') ?? [];
    const rows = (found?.ids ?? []).map((id, index) => ({ id, version: versions[index] ?? '' }));
    return query.reverse ? rows.reverse() : rows;
  }

  /** `from … where … order by … limit …` of a page. @throws OctaviaError INVALID_MARKER */
  async #page(executor: Executor, query: ListQuery): Promise<Sql> {
    const order = [...query.sort];
    for (const field of this.#order) {
      if (!order.some((key) => key.field === field)) order.push({ field, direction: 'asc' });
    }
    const directed = order.map(({ field, direction }) => ({
      expression: this.#expression(field, 't'),
      atMarker: this.#expression(field, 'm'),
      ascending: (direction === 'asc') !== query.reverse,
    }));
    const conditions = [this.#visible, ...this.#conditions(query)];
    if (query.marker !== undefined) {
      await this.#assertMarker(executor, query.marker, query);
      const key = this.#expression('id', 'm');
      conditions.push(
        sql`exists (select 1 from ${this.#table} m where ${key} = ${query.marker} and ${after(directed)})`,
      );
    }
    const ordering = sql.join(
      directed.map(({ expression, ascending }) => sql`${expression} ${sql.raw(ascending ? 'asc' : 'desc')}`),
    );
    const limit = query.limit === null ? sql`` : sql`limit ${query.limit}`;
    return sql`from ${this.#table} t where ${sql.join(conditions, sql` and `)} order by ${ordering} ${limit}`;
  }

  #with(also: Sql | undefined): Sql {
    return also === undefined ? this.#columns : sql`${this.#columns}, ${also}`;
  }

  /** Whether the database can compare the text with the key. */
  #isKey(text: string): boolean {
    return this.#columnOf.id === 'id' ? isUuid(text) : !text.includes('\0');
  }

  #compose(rows: Record<string, unknown>[]): T[] {
    const { compose } = this.definition;
    return compose ? rows.map(compose) : (rows as unknown as T[]);
  }

  /**
   * SQL: the resources as rows of the table, from JSON with columns as keys. What all of them share is written once: of a
   * hundred new members that is nearly everything, and PostgreSQL reads half as much.
   */
  #recordset(resources: readonly Partial<T>[]): Sql {
    const rows = resources.map((resource) => Object.fromEntries(this.#values(resource)));
    const shared: Record<string, unknown> = {};
    const own: string[] = [];
    for (const column of Object.values(this.#columnOf)) {
      const value = rows[0]?.[column];
      if (rows.every((row) => isSame(row[column], value))) shared[column] = value;
      else own.push(column);
    }
    // JSON leaves undefined out.
    const parts = rows.map((row) => Object.fromEntries(own.map((column) => [column, row[column]])));
    return sql`jsonb_populate_recordset(
      jsonb_populate_record(null::${this.#table}, ${JSON.stringify(shared)}::jsonb), ${JSON.stringify(parts)}::jsonb)`;
  }

  #entries(resource: Partial<T>): [column: string, value: unknown][] {
    const json = this.#jsonColumns;
    return this.#values(resource).map(([column, value]) => [
      column,
      json.has(column) && value !== null ? JSON.stringify(value) : value,
    ]);
  }

  #values(resource: Partial<T>): [column: string, value: unknown][] {
    const { decompose } = this.definition;
    const fields = decompose ? decompose(resource) : (resource as Record<string, unknown>);
    const values: [string, unknown][] = [];
    for (const field in fields) {
      const column = this.#columnOf[field];
      const value = fields[field];
      if (column !== undefined && value !== undefined) values.push([column, value]);
    }
    return values;
  }

  #expression(field: string, alias: 't' | 'm'): Sql {
    const column = this.#columnOf[field];
    if (column !== undefined) return sql.ref(`${alias}.${column}`);
    const computed = this.definition.computed?.[field];
    if (computed === undefined) throw new OctaviaError('INVALID_SORT_KEY', { key: field });
    return sql.raw(`(${computed.replace(/\bt\./g, `${alias}.`)})`);
  }

  #conditions(query: ListQuery): Sql[] {
    const conditions = [...query.filters.map((filter) => this.#equals(filter)), ...this.#scope(query)];
    const { all, any, notAll, notAny } = query.tags ?? {};
    if (all) conditions.push(sql`t.tags @> ${all}::text[]`);
    if (any) conditions.push(sql`t.tags && ${any}::text[]`);
    if (notAll) conditions.push(sql`not t.tags @> ${notAll}::text[]`);
    if (notAny) conditions.push(sql`not t.tags && ${notAny}::text[]`);
    return conditions;
  }

  #equals({ field, values }: ListFilter): Sql {
    const several = this.definition.several?.[field];
    if (several !== undefined) {
      return sql`exists (select 1 from (${sql.raw(several)}) as s(value) where s.value in (${sql.join(values)}))`;
    }
    const expression = this.#expression(field, 't');
    const times = values.filter((value) => value instanceof Date);
    const given = values.filter((value) => value !== null && !(value instanceof Date));
    const equals = given.length > 0 ? [sql`${expression} in (${sql.join(given)})`] : [];
    for (const time of times) equals.push(duringSecond(expression, time));
    if (values.includes(null)) equals.push(sql`${expression} is null`);
    return sql`(${sql.join(equals, sql` or `)})`;
  }

  #scope({ projectId, within = [] }: ListQuery): Sql[] {
    const conditions = within.map((filter) => this.#equals(filter));
    return projectId === undefined ? conditions : [...conditions, sql`t.project_id = ${projectId}`];
  }

  /** The marker was on a page of this list; filters may have been passed since, so they do not count. */
  async #assertMarker(executor: Executor, marker: string, query: ListQuery): Promise<void> {
    const conditions = sql.join([sql`${this.#key} = ${marker}`, this.#visible, ...this.#scope(query)], sql` and `);
    const found = this.#isKey(marker)
      ? await sql`select 1 from ${this.#table} t where ${conditions}`.execute(executor)
      : { rows: [] };
    if (found.rows.length === 0) throw new OctaviaError('INVALID_MARKER', { marker });
  }
}

/** Whether two values are surely written the same way; of objects only the empty list and equal times are. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === 0 && b.length === 0;
  return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
}

/** Whether all say the same, except of which row. */
function areSame<T extends { id: string }>([first, ...others]: readonly [
  AttributeChanges<T>,
  ...AttributeChanges<T>[],
]): boolean {
  const fields = Object.keys(first).filter((field) => field !== 'id') as (keyof AttributeChanges<T>)[];
  return others.every((other) => fields.every((field) => isSame(other[field], first[field])));
}

function duringSecond(expression: Sql, time: Date): Sql {
  const from = Math.floor(time.getTime() / 1000) * 1000;
  return sql`${expression} >= ${new Date(from)} and ${expression} < ${new Date(from + 1000)}`;
}

/** Nothing equals a value that the database cannot read. */
async function readable<R>(read: () => Promise<R[]>): Promise<R[]> {
  try {
    return await read();
  } catch (error) {
    if (UNREADABLE_VALUE.has((error as { code?: string }).code ?? '')) return [];
    throw error;
  }
}

interface DirectedKey {
  expression: Sql;
  atMarker: Sql;
  ascending: boolean;
}

/** "Row t comes after row m" in PostgreSQL's default order (nulls last ascending, first descending), key by key. */
function after(keys: DirectedKey[]): Sql {
  const alternatives = keys.map((key, index) => {
    const equal = keys
      .slice(0, index)
      .map(({ expression, atMarker }) => sql`${expression} is not distinct from ${atMarker}`);
    const { expression, atMarker, ascending } = key;
    const beyond = ascending
      ? sql`(${expression} > ${atMarker} or (${expression} is null and ${atMarker} is not null))`
      : sql`(${expression} < ${atMarker} or (${expression} is not null and ${atMarker} is null))`;
    return sql`(${sql.join([...equal, beyond], sql` and `)})`;
  });
  return sql`(${sql.join(alternatives, sql` or `)})`;
}
