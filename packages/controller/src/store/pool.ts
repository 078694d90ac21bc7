import pg from 'pg';

/** A host that vanished with a transaction open must not keep its row locks from those who take its work over. */
const IDLE_IN_TRANSACTION_MS = 15_000;

/**
 * A connection pool that survives its server: an error on a connection that is in use reaches whoever waits for an answer,
 * but the driver also emits it on the client, and without a listener there it would end the process.
 */
export function openPool(config: pg.PoolConfig, onLost: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    application_name: 'octavia',
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...config,
  });
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  return pool;
}
