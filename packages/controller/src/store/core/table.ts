/**
 * One resource table: columns named as domain fields by the database itself (`select vip_address as "vipAddress"`), so that
 * a list of 1,000 rows needs no per-row copying here. The single place that builds resource SQL.
 */
import { type RawBuilder, sql } from 'kysely';
import { OctaviaError } from '../../errors.ts';
import { readRows, rowsText, rowText } from './cells.ts';
import type { Executor, Store, Tx } from './database.ts';
import type { ListFilter, ListQuery } from './list-query.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** PostgreSQL refuses other text in a uuid column; nothing has such an id. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** A filter value that PostgreSQL cannot read as the column's type: nothing can equal it. */
const UNREADABLE_VALUE = new Set(['22P02', '22003', '22007', '22008', '22021']);

export interface TableDefinition<T> {
  name: string;
  /** Stored field → column. `id` is the key; a key whose column has another name may be any text. */
  columns: Record<string, string>;
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
  /** From stored fields to the domain type; identity when left out. */
  compose?: (row: Record<string, unknown>) => T;
  /** From (parts of) the domain type to stored fields. */
  decompose?: (resource: Partial<T>) => Record<string, unknown>;
}

/** SQL: the version of a row. No row ever has two contents of one version. */
export const VERSION = 't.xmin';

/** What a reader made of rows. */
export interface KnownRows<K> {
  get(id: string, version: string): K | undefined;
}

export interface PageRow<K> {
  id: string;
  version: string;
  /** What the reader made of this version of the row before. */
  made: K | undefined;
  /** Read when there is nothing made of it yet. */
  cells: string[];
}

function rowOf<K>(cells: string[], known?: KnownRows<K>): PageRow<K> {
  const [id = '', version = ''] = cells;
  return { id, version, made: known?.get(id, version), cells };
}

/** Up to this share of a page is read row by row; of more, the page is read again. */
const FEW = 1 / 4;

export type Changes<T> = Partial<T> & { id: string };

export class Table<T extends { id: string }> {
  readonly definition: TableDefinition<T>;
  readonly #columns: RawBuilder<unknown>;
  /** All columns by their own names. */
  readonly #stored: RawBuilder<unknown>;
  readonly #table: RawBuilder<unknown>;
  readonly #visible: RawBuilder<unknown>;
  readonly #jsonColumns: ReadonlySet<string | undefined>;
  readonly #key: RawBuilder<unknown>;
  readonly #order: readonly string[];

  constructor(definition: TableDefinition<T>) {
    this.definition = definition;
    this.#table = sql.table(definition.name);
    this.#columns = sql.raw(
      Object.entries(definition.columns)
        .map(([field, column]) => `t."${column}" as "${field}"`)
        .join(', '),
    );
    this.#stored = sql.raw(
      Object.values(definition.columns)
        .map((column) => `"${column}"`)
        .join(', '),
    );
    this.#visible = sql.raw(definition.visible ?? 'true');
    this.#jsonColumns = new Set((definition.json ?? []).map((field) => definition.columns[field]));
    this.#key = sql.ref(`t.${definition.columns.id}`);
    this.#order = definition.order ?? ['createdAt', 'id'].filter((field) => field in definition.columns);
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
  insertionOf(resources: readonly T[]): RawBuilder<unknown> {
    return sql`insert into ${this.#table} (${this.#stored})
      select ${this.#stored} from ${this.#recordset(resources)} as v`;
  }

  /**
   * Changes the same fields of several rows, as part of a larger statement.
   * @param changes all with the fields of the first
   * @param condition without which nothing is changed
   */
  updatesOf(
    changes: readonly [Changes<T>, ...Changes<T>[]],
    condition: RawBuilder<unknown> = sql`true`,
  ): RawBuilder<unknown> {
    const [first] = changes;
    const columns = this.#entries(first).filter(([column]) => column !== this.definition.columns.id);
    const ids = changes.map(({ id }) => id);
    const wanted = sql`${this.#key} = any(${ids}::uuid[]) and ${condition}`;
    // Most batches say the same of all: then there are no rows of JSON to be read.
    if (areSame(changes)) {
      const assignments = sql.join(columns.map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
      return sql`update ${this.#table} t set ${assignments} where ${wanted}`;
    }
    const assignments = sql.join(columns.map(([column]) => sql`${sql.ref(column)} = ${sql.ref(`v.${column}`)}`));
    const key = sql.ref(`v.${this.definition.columns.id}`);
    // The ids once more: without them PostgreSQL, which does not know how many rows the JSON has, reads the whole table.
    return sql`update ${this.#table} t set ${assignments}
      from ${this.#recordset(changes)} as v
      where ${this.#key} = ${key} and ${wanted}`;
  }

  /** SQL: all columns of the row `alias` of a larger query, under names that `named` knows again. */
  columnsOf(alias: string): string {
    const columns = Object.entries(this.definition.columns);
    return columns.map(([field, column]) => `${alias}."${column}" as "${alias}.${field}"`).join(', ');
  }

  /** What `columnsOf` selected. */
  named(alias: string, row: Record<string, unknown>): T {
    const fields = Object.keys(this.definition.columns);
    const [resource] = this.#compose([Object.fromEntries(fields.map((field) => [field, row[`${alias}.${field}`]]))]);
    return resource!;
  }

  async get(executor: Executor, id: string): Promise<T | null> {
    if (!this.#isKey(id)) return null;
    const [row] = await this.select(executor, sql`${this.#key} = ${id}`);
    return row ?? null;
  }

  /** Changes the given fields; the caller passes `updatedAt` when the change counts as one. */
  async update(tx: Executor, id: string, changes: Partial<T>): Promise<void> {
    const entries = this.#entries(changes);
    if (entries.length === 0) return;
    const assignments = sql.join(entries.map(([column, value]) => sql`${sql.ref(column)} = ${value}`));
    await sql`update ${this.#table} t set ${assignments} where ${this.#key} = ${id}`.execute(tx);
  }

  async remove(tx: Executor, id: string): Promise<void> {
    await sql`delete from ${this.#table} t where ${this.#key} = ${id}`.execute(tx);
  }

  /** Visible rows that meet a condition over `t`, oldest first. */
  async select(executor: Executor, condition: RawBuilder<unknown>): Promise<T[]> {
    const statement = sql<Record<string, unknown>>`
      select ${this.#columns} from ${this.#table} t where ${condition} and ${this.#visible}
      order by ${sql.join(this.#order.map((field) => this.#expression(field, 't')))}`;
    return this.#compose((await statement.execute(executor)).rows);
  }

  /** The same rows, locked until the transaction ends, as they are once nobody else holds them. */
  async selectForUpdate(tx: Tx, condition: RawBuilder<unknown>): Promise<T[]> {
    const statement = sql<Record<string, unknown>>`
      select ${this.#columns} from ${this.#table} t where ${condition} and ${this.#visible} for update`;
    return this.#compose((await statement.execute(tx)).rows);
  }

  /** One page in one statement (two with a marker). @throws OctaviaError INVALID_MARKER */
  async list(executor: Executor, query: ListQuery): Promise<T[]> {
    const page = await this.#page(executor, query);
    const statement = sql<Record<string, unknown>>`select ${this.#columns} ${page}`;
    const rows = await readable(async () => (await statement.execute(executor)).rows);
    return this.#compose(query.reverse ? rows.reverse() : rows);
  }

  /** The same page as cells (see `cells.ts`). @param row what `rowText` made of expressions over `t` */
  async listCells(store: Store, query: ListQuery, row: string): Promise<string[][]> {
    const rows = await this.#cells(store, row, await this.#page(store.db, query));
    return query.reverse ? rows.reverse() : rows;
  }

  /**
   * The same page for a reader that remembers what it made of rows: first the versions are read, then the rows it does not
   * know. Two statements (one more with a marker), one when it knows all.
   * @param row what `rowText` made of id, `VERSION` and more expressions over `t`
   */
  async listVersions<K>(store: Store, query: ListQuery, row: string, known: KnownRows<K>): Promise<PageRow<K>[]> {
    const page = await this.#page(store.db, query);
    const versions = await this.#cells(store, rowText(['t.id', VERSION]), page);
    let rows = versions.map((cells) => rowOf(cells, known));
    const unknown = rows.flatMap(({ id, made }) => (made === undefined ? [id] : []));
    if (unknown.length > 0) {
      const few = unknown.length <= rows.length * FEW;
      const completed = few ? await this.#completed(store, rows, unknown, row) : null;
      rows = completed ?? (await this.#cells(store, row, page)).map((cells) => rowOf(cells));
    }
    return query.reverse ? rows.reverse() : rows;
  }

  async #cells(store: Store, row: string, from: RawBuilder<unknown>): Promise<string[][]> {
    const { sql: text, parameters } = sql`select ${sql.raw(row)} as row ${from}`.compile(store.db);
    return readable(async () => readRows(await store.text(`select ${rowsText(text)}`, parameters)));
  }

  /** The page with the cells of its unknown rows; null when one of these is not what it was when the page was read. */
  async #completed<K>(store: Store, page: PageRow<K>[], unknown: string[], row: string): Promise<PageRow<K>[] | null> {
    const from = sql`from ${this.#table} t where ${this.#key} = any(${unknown}::uuid[]) and ${this.#visible}`;
    const read = new Map((await this.#cells(store, row, from)).map((cells) => [cells[0], cells]));
    const rows = page.map((entry) => (entry.made === undefined ? rowOf<K>(read.get(entry.id) ?? []) : entry));
    return rows.every(({ version }, index) => version === page[index]?.version) ? rows : null;
  }

  /** `from … where … order by … limit …` of a page. @throws OctaviaError INVALID_MARKER */
  async #page(executor: Executor, query: ListQuery): Promise<RawBuilder<unknown>> {
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

  /** Whether the database can compare the text with the key. */
  #isKey(text: string): boolean {
    return this.definition.columns.id === 'id' ? isUuid(text) : !text.includes('\0');
  }

  #compose(rows: Record<string, unknown>[]): T[] {
    const { compose } = this.definition;
    return compose ? rows.map(compose) : (rows as unknown as T[]);
  }

  /**
   * SQL: the resources as rows of the table, from JSON with columns as keys. What all of them share is written once: of a
   * hundred new members that is nearly everything, and PostgreSQL reads half as much.
   */
  #recordset(resources: readonly Partial<T>[]): RawBuilder<unknown> {
    const rows = resources.map((resource) => Object.fromEntries(this.#values(resource)));
    const shared: Record<string, unknown> = {};
    const own: string[] = [];
    for (const column of Object.values(this.definition.columns)) {
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
    const { columns, decompose } = this.definition;
    const fields = decompose ? decompose(resource) : (resource as Record<string, unknown>);
    const values: [string, unknown][] = [];
    for (const field in fields) {
      const column = columns[field];
      const value = fields[field];
      if (column !== undefined && value !== undefined) values.push([column, value]);
    }
    return values;
  }

  #expression(field: string, alias: 't' | 'm'): RawBuilder<unknown> {
    const column = this.definition.columns[field];
    if (column !== undefined) return sql.ref(`${alias}.${column}`);
    const computed = this.definition.computed?.[field];
    if (computed === undefined) throw new OctaviaError('INVALID_SORT_KEY', { key: field });
    return sql.raw(`(${computed.replace(/\bt\./g, `${alias}.`)})`);
  }

  #conditions(query: ListQuery): RawBuilder<unknown>[] {
    const conditions = [...query.filters.map((filter) => this.#equals(filter)), ...this.#scope(query)];
    const { all, any, notAll, notAny } = query.tags ?? {};
    if (all) conditions.push(sql`t.tags @> ${all}::text[]`);
    if (any) conditions.push(sql`t.tags && ${any}::text[]`);
    if (notAll) conditions.push(sql`not t.tags @> ${notAll}::text[]`);
    if (notAny) conditions.push(sql`not t.tags && ${notAny}::text[]`);
    return conditions;
  }

  #equals({ field, values }: ListFilter): RawBuilder<unknown> {
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

  #scope({ projectId, within = [] }: ListQuery): RawBuilder<unknown>[] {
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
function areSame<T extends { id: string }>([first, ...others]: readonly [Changes<T>, ...Changes<T>[]]): boolean {
  const fields = Object.keys(first).filter((field) => field !== 'id') as (keyof T)[];
  return others.every((other) => fields.every((field) => isSame(other[field], first[field])));
}

function duringSecond(expression: RawBuilder<unknown>, time: Date): RawBuilder<unknown> {
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
  expression: RawBuilder<unknown>;
  atMarker: RawBuilder<unknown>;
  ascending: boolean;
}

/** "Row t comes after row m" in PostgreSQL's default order (nulls last ascending, first descending), key by key. */
function after(keys: DirectedKey[]): RawBuilder<unknown> {
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
