import { bool, int, secret, section, string } from '../option.ts';

export const database = section('The PostgreSQL that holds everything.', {
  sqlite_synchronous: bool(true, 'SQLite synchronous mode.', {
    old: ['DEFAULT.sqlite_synchronous'],
    compatibility: true,
  }),
  backend: string('sqlalchemy', 'Database abstraction back end.', { old: ['DEFAULT.db_backend'], compatibility: true }),
  connection: secret(null, 'Primary database URL.', {
    old: ['DEFAULT.sql_connection', 'database.sql_connection', 'sql.connection'],
  }),
  slave_connection: secret(null, 'Read-replica database URL.'),
  mysql_sql_mode: string('TRADITIONAL', 'MySQL session SQL mode; empty value keeps the server’s.', {
    compatibility: true,
  }),
  mysql_enable_ndb: bool(false, 'MySQL Cluster (NDB) support.', { compatibility: true }),
  connection_recycle_time: int(3600, 'Seconds after which pooled connections are replaced at checkout.'),
  max_pool_size: int(5, 'Open connections kept pooled; 0 means unlimited.'),
  max_retries: int(10, 'Connection attempts at startup; -1 means forever.', {
    old: ['DEFAULT.sql_max_retries', 'database.sql_max_retries'],
  }),
  retry_interval: int(10, 'Seconds between connection attempts.', {
    old: ['DEFAULT.sql_retry_interval', 'database.reconnect_interval'],
  }),
  max_overflow: int(50, 'Connections allowed beyond the pool size.', {
    old: ['DEFAULT.sql_max_overflow', 'database.sqlalchemy_max_overflow'],
  }),
  connection_debug: int(0, 'SQL debug verbosity: 0 none to 100 everything.', {
    min: 0,
    max: 100,
    old: ['DEFAULT.sql_connection_debug'],
    compatibility: true,
  }),
  connection_trace: bool(false, 'Add stack traces to SQL as comments.', {
    old: ['DEFAULT.sql_connection_trace'],
    compatibility: true,
  }),
  pool_timeout: int(null, 'Seconds to wait for a pooled connection.', { old: ['database.sqlalchemy_pool_timeout'] }),
  use_db_reconnect: bool(false, 'Experimental reconnect when a connection is lost.', { compatibility: true }),
  db_retry_interval: int(1, 'Seconds between transaction retries.'),
  db_inc_retry_interval: bool(true, 'Grow the transaction retry delay.'),
  db_max_retry_interval: int(10, 'Upper bound for the growing retry delay.'),
  db_max_retries: int(20, 'Retries on connection or deadlock errors; -1 means forever.'),
  connection_parameters: secret('', 'Extra key=value&… parameters appended to the URL.'),
});
