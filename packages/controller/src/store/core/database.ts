import pg from 'pg';
import { Announcer, LISTEN } from './announcer.ts';
import { CONNECT_WITHIN_MS, isLost, NoAnswer, newConnection, openPool, type Patience } from './pool.ts';
import type { Executor, Result, Statement } from './sql.ts';
import { changesWhatIsTold } from './told-tables.ts';
import { named } from './unavailable.ts';

export type { Executor };

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

function statementName(text: string): string | undefined {
  let name = statementNames.get(text);
  if (name === undefined && statementNames.size < MAXIMUM_STATEMENTS) {
    name = `octavia_${statementNames.size}`;
    statementNames.set(text, name);
  }
  return name;
}

/**
 * Every statement that has parameters is prepared under a name: PostgreSQL parses it once per connection and soon stops
 * planning it (22,600 point selects a second against 12,500).
 */
async function ask<Row>(client: pg.ClientBase, { text, values }: Statement): Promise<Result<Row>> {
  const name = values.length > 0 ? statementName(text) : undefined;
  try {
    const { rows, rowCount } = await client.query({ name, text, values: values as unknown[] });
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw named(error, isLost(client));
  }
}

/** Timers may be early. */
const NEARLY_MS = 50;

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  const since = performance.now();
  try {
    return await pool.connect();
  } catch (error) {
    if (pool.ending) throw error;
    const isLate = performance.now() - since > CONNECT_WITHIN_MS - NEARLY_MS;
    throw named(isLate ? new NoAnswer(CONNECT_WITHIN_MS, { cause: error }) : error, false);
  }
}

/** One connection, for statements that belong together without being a transaction. */
export class Session implements Executor {
  readonly #client: pg.ClientBase;
  #isUnfit = false;

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  query<Row>(statement: Statement): Promise<Result<Row>> {
    return ask<Row>(this.#client, statement);
  }

  /** Nobody may use the connection after this session: what it holds ends with it. */
  discard(): void {
    this.#isUnfit = true;
  }

  get isLost(): boolean {
    return this.#isUnfit || isLost(this.#client);
  }
}

/** One transaction; ends with the function that it was given to. */
export class Tx implements Executor {
  #client: pg.ClientBase | null;
  readonly #committed: (() => void)[] = [];
  /** Something was written that others are told of. */
  isTold = false;
  /** Statements run one after the other, in the order in which they were asked. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  query<Row>(statement: Statement): Promise<Result<Row>> {
    const answer = this.#before.then(() => {
      if (this.#client === null) throw new Error('A statement came after the end of its transaction');
      this.isTold ||= changesWhatIsTold(statement.text);
      return ask<Row>(this.#client, statement);
    });
    this.#before = answer.catch(() => undefined);
    return answer;
  }

  /** The transaction may wait so long for the world outside; otherwise the server ends one that is idle. */
  async mayWait(milliseconds: number): Promise<void> {
    const text = "select set_config('idle_in_transaction_session_timeout', $1, true)";
    await this.query({ text, values: [String(Math.ceil(milliseconds))] });
  }

  /** Runs the function once the transaction is committed; never when it is rolled back. */
  afterCommit(then: () => void): void {
    this.#committed.push(then);
  }

  /** The connection belongs to others now. */
  end(isCommitted: boolean): void {
    this.#client = null;
    if (isCommitted) for (const then of this.#committed) then();
  }
}

const BEGIN: Statement = { text: 'begin', values: [] };
const COMMIT: Statement = { text: 'commit', values: [] };
const ROLLBACK: Statement = { text: 'rollback', values: [] };

/** Statements run in transactions of their own, unless one is begun for several. */
export class Database implements Executor {
  readonly #pool: pg.Pool;
  readonly #told: () => void;

  /** @param told is called once something is committed that others are told of */
  constructor(pool: pg.Pool, told: () => void = () => undefined) {
    this.#pool = pool;
    this.#told = told;
  }

  async query<Row>(statement: Statement): Promise<Result<Row>> {
    const client = await connect(this.#pool);
    try {
      return await ask<Row>(client, statement);
    } finally {
      client.release();
      if (changesWhatIsTold(statement.text)) this.#told();
    }
  }

  /** Runs the function in one READ COMMITTED transaction. @throws OctaviaError DATABASE_UNAVAILABLE */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await connect(this.#pool);
    const tx = new Tx(client);
    let result: T;
    try {
      await tx.query(BEGIN);
      result = await work(tx);
      await tx.query(COMMIT);
    } catch (error) {
      // Where a connection is lost, rolling back fails as well: what went wrong first says why.
      const isUndone = await tx.query(ROLLBACK).then(
        () => true,
        () => false,
      );
      tx.end(false);
      client.release(!isUndone);
      throw error;
    }
    client.release();
    tx.end(true);
    if (tx.isTold) this.#told();
    return result;
  }

  /** Runs the function with a connection of its own. @throws OctaviaError DATABASE_UNAVAILABLE */
  async session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await connect(this.#pool);
    const session = new Session(client);
    try {
      return await work(session);
    } finally {
      client.release(session.isLost);
    }
  }
}

export interface StoreOptions extends Patience {
  url: string;
  maxConnections: number;
  /** Receives errors of idle connections (server restarted); the pool replaces them by itself. */
  onIdleError?: (error: Error) => void;
}

/** A connection that is told what others announce. */
export interface Listening {
  session: Session;
  close(): Promise<void>;
}

/** The one door to PostgreSQL for our own tables. Whatever is asked while it is away throws DATABASE_UNAVAILABLE. */
export class Store {
  readonly pool: pg.Pool;
  readonly db: Database;
  readonly #options: StoreOptions;
  readonly #announcer: Announcer;

  constructor(options: StoreOptions) {
    const { url, maxConnections, onIdleError, ...patience } = options;
    this.#options = options;
    const config = { connectionString: url, max: maxConnections, types };
    this.pool = openPool(config, (error) => onIdleError?.(error), patience);
    this.#announcer = new Announcer((text) => this.pool.query(text));
    this.db = new Database(this.pool, () => this.#announcer.announce());
  }

  /** A connection beside those of the pool that hears announcements. @throws OctaviaError DATABASE_UNAVAILABLE */
  async listen(heard: () => void): Promise<Listening> {
    const { url, answerWithinMs } = this.#options;
    const client = newConnection(
      { connectionString: url, types },
      answerWithinMs === undefined ? {} : { answerWithinMs },
    );
    client.on('error', heard);
    client.on('end', heard);
    client.on('notification', heard);
    try {
      await client.connect();
      await client.query(LISTEN);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw named(error, true);
    }
    return {
      session: new Session(client),
      async close() {
        client.removeListener('end', heard);
        await client.end().catch(() => undefined);
      },
    };
  }

  /** Calls the function whenever a connection is opened, before its first answer: it may lead to another server. */
  onConnection(then: () => void): void {
    this.pool.on('connect', then);
  }

  /** As `Database.transaction`. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.db.transaction(work);
  }

  async close(): Promise<void> {
    await this.#announcer.close();
    await this.pool.end();
  }
}
