import type { EventEmitter } from 'node:events';
import pg from 'pg';

/** A host that vanished with a transaction open must not keep its row locks from those who take its work over. */
const IDLE_IN_TRANSACTION_MS = 15_000;

/**
 * A server that takes longer does not answer at all, stopped as it is or cut off: no statement of a service takes a tenth of
 * it. Requests fail rather than hang for ever, and what is done again later needs a connection that works.
 */
const ANSWER_WITHIN_MS = 20_000;

/** For a connection that is opened, or becomes free. */
export const CONNECT_WITHIN_MS = 10_000;

/** The server was asked and said nothing for too long. The code is that of a host which does not answer. */
export class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(milliseconds: number, options?: ErrorOptions) {
    super(`PostgreSQL did not answer within ${milliseconds / 1000} s`, options);
  }
}

/** The server hung up before it let anybody in. The driver has no code for that; this is the operating system's. */
class HungUp extends Error {
  readonly code = 'ECONNRESET';

  constructor(options: ErrorOptions) {
    super('PostgreSQL closed the connection', options);
  }
}

export interface Patience {
  /** Milliseconds; 0: for ever. */
  answerWithinMs?: number;
}

/** The driver's client, in types that a class can extend. */
interface Client extends EventEmitter, Pick<pg.Client, 'connection'> {
  connect(then?: (error?: Error) => void): unknown;
  query(...asked: unknown[]): unknown;
}
const Client = pg.Client as unknown as new (config?: string | pg.ClientConfig) => Client;

/** Hangs up when an answer takes too long. Between statements it may rest. */
class Connection extends Client {
  /** Nothing can be asked here any more. */
  isLost = false;
  readonly #answerWithinMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(config?: pg.ClientConfig & Patience) {
    super(config);
    this.#answerWithinMs = config?.answerWithinMs ?? ANSWER_WITHIN_MS;
    const answered = (): void => clearTimeout(this.#timer);
    const lost = (): void => {
      this.isLost = true;
    };
    this.on('drain', answered);
    this.on('end', answered);
    this.on('end', lost);
    // Whoever waits for an answer learns of an error as well. Without a listener here it would end the process.
    this.on('error', lost);
  }

  override connect(then?: (error?: Error) => void): unknown {
    if (then === undefined) return super.connect();
    return super.connect((error) => {
      // What else goes wrong here (no password, no TLS) leaves the connection open, and says itself what it is.
      const isHungUp = error !== undefined && error !== null && !('code' in error) && this.connection.stream.destroyed;
      then(isHungUp ? new HungUp({ cause: error }) : error);
    });
  }

  override query(...asked: unknown[]): unknown {
    const limit = this.#answerWithinMs;
    if (limit > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.connection.stream.destroy(new NoAnswer(limit)), limit);
    }
    return super.query(...asked);
  }
}

/** Whether the connection was lost while it was in use. */
export const isLost = (client: pg.ClientBase): boolean => client instanceof Connection && client.isLost;

/** One connection beside the pool, not yet opened. Without a listener of its own for errors it would end the process. */
export function newConnection(config: pg.ClientConfig, patience: Patience = {}): pg.Client {
  const limits = { application_name: 'octavia', connectionTimeoutMillis: CONNECT_WITHIN_MS, keepAlive: true };
  return new Connection({ ...limits, ...config, ...patience }) as unknown as pg.Client;
}

/** A connection pool that survives its server. */
export function openPool(config: pg.PoolConfig, onLost: (error: Error) => void, patience: Patience = {}): pg.Pool {
  const pool = new pg.Pool({
    application_name: 'octavia',
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    Client: Connection as unknown as typeof pg.Client,
    ...config,
    ...patience,
  });
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  return pool;
}
