import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { OctaviaError } from '../errors.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
export type Tx = Transaction<Schema>;
/** Where a read may run: inside a transaction or on its own. */
export type Executor = Database | Tx;

// bigint columns are counters far below 2^53: numbers, not text.
const BIGINT_OID = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === BIGINT_OID ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/** SQLSTATE classes that mean "not now": connection failures, shutdown, too many connections. */
const UNAVAILABLE = /^(08|57P0|53)/;

/** What the driver says in plain errors without a code. */
const CONNECTION_LOST =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return UNAVAILABLE.test(code) || /^(ECONN|ENOENT|EPIPE|ETIMEDOUT)/.test(code);
  return typeof message === 'string' && CONNECTION_LOST.test(message);
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: name } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && (constraint === undefined || name === constraint);
}

export interface StoreOptions {
  url: string;
  maxConnections: number;
  /** Receives errors of idle connections (server restarted); the pool replaces them by itself. */
  onIdleError?: (error: Error) => void;
}

/** The one door to PostgreSQL for our own tables. */
export class Store {
  readonly pool: pg.Pool;
  readonly db: Database;
  readonly #checkout = new AsyncLocalStorage<{ client?: pg.PoolClient }>();
  readonly #clients = new WeakMap<Tx, pg.PoolClient>();
  readonly #afterCommit = new WeakMap<Tx, (() => void)[]>();

  constructor(options: StoreOptions) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: options.maxConnections,
      types,
      application_name: 'octavia',
      connectionTimeoutMillis: 10_000,
    });
    this.pool.on('error', (error) => options.onIdleError?.(error));
    // Kysely hides the connection of a transaction; noting it at checkout lets the flow engine write in the same transaction.
    const pool = {
      connect: async (): Promise<pg.PoolClient> => {
        const client = await this.pool.connect();
        const checkout = this.#checkout.getStore();
        if (checkout) checkout.client = client;
        return client;
      },
      end: () => this.pool.end(),
      options: this.pool.options,
    };
    this.db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  }

  /** The `pg` client that carries the transaction, for libraries that write with their own SQL. */
  clientOf(tx: Tx): pg.PoolClient {
    const client = this.#clients.get(tx);
    if (!client) throw new Error('clientOf() takes a transaction opened by this store');
    return client;
  }

  /** Runs the function once the transaction, opened by this store, is committed; never when it is rolled back. */
  afterCommit(tx: Tx, then: () => void): void {
    const listed = this.#afterCommit.get(tx);
    if (listed) listed.push(then);
    else this.#afterCommit.set(tx, [then]);
  }

  /** Runs the function in one READ COMMITTED transaction. @throws OctaviaError DATABASE_UNAVAILABLE */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      const checkout: { client?: pg.PoolClient } = {};
      let opened = null as Tx | null;
      const result = await this.#checkout.run(checkout, () =>
        this.db.transaction().execute((tx) => {
          opened = tx;
          if (checkout.client) this.#clients.set(tx, checkout.client);
          return work(tx);
        }),
      );
      for (const then of (opened && this.#afterCommit.get(opened)) ?? []) then();
      return result;
    } catch (error) {
      throw isDatabaseUnavailable(error) ? new OctaviaError('DATABASE_UNAVAILABLE', {}, { cause: error }) : error;
    }
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}
