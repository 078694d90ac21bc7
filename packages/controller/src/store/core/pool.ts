import pg from 'pg';

/** A host that vanished with a transaction open must not keep its row locks from those who take its work over. */
const IDLE_IN_TRANSACTION_MS = 15_000;

/**
 * A server that takes longer does not answer at all, stopped as it is or cut off: no statement of a service takes a tenth of
 * it. Requests fail rather than hang for ever, and what is done again later needs a connection that works.
 */
const ANSWER_WITHIN_MS = 20_000;

/** As for every connection that is lost, those who retry know it by these words. */
const noAnswer = (milliseconds: number): Error =>
  new Error(`Connection terminated unexpectedly: no answer within ${milliseconds / 1000} s`);

/** Hangs up when an answer takes too long. Between statements a connection may rest. */
function expectAnswers(client: pg.PoolClient, milliseconds: number): void {
  const query = client.query as (...args: unknown[]) => unknown;
  let timer: NodeJS.Timeout | undefined;
  const answered = () => clearTimeout(timer);
  client.query = ((...args: unknown[]) => {
    clearTimeout(timer);
    timer = setTimeout(() => client.connection.stream.destroy(noAnswer(milliseconds)), milliseconds);
    return Reflect.apply(query, client, args);
  }) as typeof client.query;
  client.on('drain', answered);
  client.on('end', answered);
}

export interface Patience {
  /** Milliseconds; 0: for ever. */
  answerWithinMs?: number;
}

/**
 * A connection pool that survives its server: an error on a connection that is in use reaches whoever waits for an answer,
 * but the driver also emits it on the client, and without a listener there it would end the process.
 */
export function openPool(
  config: pg.PoolConfig,
  onLost: (error: Error) => void,
  { answerWithinMs = ANSWER_WITHIN_MS }: Patience = {},
): pg.Pool {
  const pool = new pg.Pool({
    application_name: 'octavia',
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...config,
  });
  pool.on('error', onLost);
  pool.on('connect', (client) => {
    client.on('error', onLost);
    if (answerWithinMs > 0) expectAnswers(client, answerWithinMs);
  });
  return pool;
}
