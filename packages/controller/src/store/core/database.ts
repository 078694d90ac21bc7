import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { openPool, type Patience } from './pool.ts';
import type { Schema } from './schema.ts';
import { named, naming } from './unavailable.ts';

export type Database = Kysely<Schema>;
export type Tx = Transaction<Schema>;
/** Where a read may run: inside a transaction or on its own. */
export type Executor = Database | Tx;

const OID = { int8: 20, timestamptz: 1184, textArray: 1009, uuidArray: 2951 } as const;

const inGeneral = (oid: number) => pg.types.getTypeParser(oid, 'text') as (text: string) => unknown;
const parseTime = inGeneral(OID.timestamptz);
const parseTexts = inGeneral(OID.textArray);

/** What a list has a thousand of is read without the general parsers, which walk arrays and times letter by letter. */
const PARSERS = new Map<number, (text: string) => unknown>([
  // Counters far below 2^53: numbers, not text.
  [OID.int8, Number],
  [
    OID.timestamptz,
    (text) => (text.endsWith('+00') ? new Date(`${text.slice(0, -3).replace(' ', 'T')}Z`) : parseTime(text)),
  ],
  [OID.textArray, (text) => (text === '{}' ? [] : parseTexts(text))],
  [OID.uuidArray, (text) => (text === '{}' ? [] : text.slice(1, -1).split(','))],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    PARSERS.get(oid) ?? pg.types.getTypeParser(oid, format as 'text'),
};

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: name } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && (constraint === undefined || name === constraint);
}

export const isForeignKeyViolation = (error: unknown): boolean =>
  (error as { code?: unknown } | null | undefined)?.code === '23503';

/** More distinct statements than the code has; lists with unusual filters beyond it are planned each time. */
const MAXIMUM_STATEMENTS = 500;
const statementNames = new Map<string, string>();

function statementName(text: string): string | null {
  let name = statementNames.get(text);
  if (name === undefined && statementNames.size < MAXIMUM_STATEMENTS) {
    name = `octavia_${statementNames.size}`;
    statementNames.set(text, name);
  }
  return name ?? null;
}

/**
 * The connection with every statement that has parameters prepared under a name: PostgreSQL parses it once per connection
 * and soon stops planning it (22,600 point selects a second against 12,500).
 */
function withNamedStatements(client: pg.PoolClient): pg.PoolClient {
  const prepared: pg.PoolClient = Object.create(client);
  const query = (text: string, values?: unknown[]) => {
    const name = values && values.length > 0 ? statementName(text) : null;
    return naming(name === null ? client.query(text, values) : client.query({ name, text, values: values ?? [] }));
  };
  return Object.assign(prepared, { query });
}

export interface StoreOptions extends Patience {
  url: string;
  maxConnections: number;
  /** Receives errors of idle connections (server restarted); the pool replaces them by itself. */
  onIdleError?: (error: Error) => void;
}

const committed = new WeakMap<Tx, (() => void)[]>();

/** Runs the function once the transaction, opened by a store, is committed; never when it is rolled back. */
export function afterCommit(tx: Tx, then: () => void): void {
  const listed = committed.get(tx);
  if (listed) listed.push(then);
  else committed.set(tx, [then]);
}

/** The one door to PostgreSQL for our own tables. Whatever is asked while it is away throws DATABASE_UNAVAILABLE. */
export class Store {
  readonly pool: pg.Pool;
  readonly db: Database;

  constructor(options: StoreOptions) {
    const config = { connectionString: options.url, max: options.maxConnections, types };
    this.pool = openPool(config, (error) => options.onIdleError?.(error), options);
    const pool = {
      connect: async (): Promise<pg.PoolClient> => withNamedStatements(await naming(this.pool.connect())),
      end: () => this.pool.end(),
      options: this.pool.options,
    };
    this.db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }

  /** The only cell of the first row: for the reads that answer most requests, without the query builder around them. */
  async text(text: string, values: readonly unknown[]): Promise<string | null> {
    const name = statementName(text);
    const config = { text, values: [...values], rowMode: 'array' as const, ...(name === null ? {} : { name }) };
    const { rows } = await naming(this.pool.query<[string | null]>(config));
    return rows[0]?.[0] ?? null;
  }

  /** Calls the function whenever a connection is opened, before its first answer: it may lead to another server. */
  onConnection(then: () => void): void {
    this.pool.on('connect', then);
  }

  /** Runs the function in one READ COMMITTED transaction. @throws OctaviaError DATABASE_UNAVAILABLE */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let failure = null as { error: unknown } | null;
    try {
      let opened = null as Tx | null;
      const result = await this.db.transaction().execute((tx) => {
        opened = tx;
        return work(tx).catch((error: unknown) => {
          failure = { error };
          throw error;
        });
      });
      for (const then of (opened && committed.get(opened)) ?? []) then();
      return result;
    } catch (error) {
      // Where a connection is lost, rolling back fails as well: what went wrong first says why.
      throw named(failure === null ? error : failure.error);
    }
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}
