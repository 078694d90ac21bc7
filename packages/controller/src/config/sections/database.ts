import { bool, int, secret, section, string } from '../option.ts';

const POSTGRES = /^postgres(ql)?:\/\//;
/** What deployment tools of OpenStack write. */
const MYSQL = /^(mysql|mariadb)\b/i;

/** The URL holds a password: messages show how it begins at the most. */
function postgresUrl(url: string): { reason: string; shown: string } | null {
  if (url === '') return null;
  if (!POSTGRES.test(url)) {
    const wanted = 'must be the URL of a PostgreSQL, such as postgresql://octavia:PASSWORD@127.0.0.1:5432/octavia';
    const reason = MYSQL.test(url) ? `${wanted} (MySQL and MariaDB are not supported: see docs/install.md)` : wanted;
    return { reason, shown: /^[a-z0-9+]{1,40}:/i.exec(url)?.[0] ?? '…' };
  }
  // PostgreSQL's own form without a host (postgresql://user@/db?host=/socket) is no URL for others.
  if (URL.canParse(url) || URL.canParse(url.replace(/^([a-z]+:\/\/[^/]*@)\//, '$1localhost/'))) return null;
  const reason = 'is no URL: characters such as # / ? % in the password are written as %23 %2F %3F %25';
  return { reason, shown: 'postgresql://…' };
}

const POSTGRES_ALONE = 'the database is PostgreSQL';

export const database = section('The PostgreSQL that holds everything.', {
  sqlite_synchronous: bool(true, 'SQLite synchronous mode.', {
    old: ['DEFAULT.sqlite_synchronous'],
    compatibility: POSTGRES_ALONE,
  }),
  backend: string('sqlalchemy', 'Database abstraction back end.', {
    old: ['DEFAULT.db_backend'],
    compatibility: POSTGRES_ALONE,
  }),
  connection: secret(null, 'Primary database URL.', {
    old: ['DEFAULT.sql_connection', 'database.sql_connection', 'sql.connection'],
    check: postgresUrl,
  }),
  slave_connection: secret(null, 'Read-replica database URL.'),
  mysql_sql_mode: string('TRADITIONAL', 'MySQL session SQL mode; empty value keeps the server’s.', {
    compatibility: POSTGRES_ALONE,
  }),
  mysql_enable_ndb: bool(false, 'MySQL Cluster (NDB) support.', { compatibility: POSTGRES_ALONE }),
  connection_recycle_time: int(3600, 'Seconds after which pooled connections are replaced at checkout.'),
  max_pool_size: int(5, 'Open connections kept pooled; 0 means unlimited.', { min: 0 }),
  max_retries: int(10, 'Connection attempts at startup; -1 means forever.', {
    min: -1,
    old: ['DEFAULT.sql_max_retries', 'database.sql_max_retries'],
  }),
  retry_interval: int(10, 'Seconds between connection attempts.', {
    min: 0,
    old: ['DEFAULT.sql_retry_interval', 'database.reconnect_interval'],
  }),
  max_overflow: int(50, 'Connections allowed beyond the pool size.', {
    old: ['DEFAULT.sql_max_overflow', 'database.sqlalchemy_max_overflow'],
  }),
  connection_debug: int(0, 'SQL debug verbosity: 0 none to 100 everything.', {
    min: 0,
    max: 100,
    old: ['DEFAULT.sql_connection_debug'],
    compatibility: 'statements are not logged; PostgreSQL does it with log_statement',
  }),
  connection_trace: bool(false, 'Add stack traces to SQL as comments.', {
    old: ['DEFAULT.sql_connection_trace'],
    compatibility: 'statements carry no comments',
  }),
  pool_timeout: int(null, 'Seconds to wait for a pooled connection.', {
    min: 0,
    old: ['database.sqlalchemy_pool_timeout'],
  }),
  use_db_reconnect: bool(false, 'Experimental reconnect when a connection is lost.', {
    compatibility: 'a connection that is lost is always replaced',
  }),
  db_retry_interval: int(1, 'Seconds between transaction retries.'),
  db_inc_retry_interval: bool(true, 'Grow the transaction retry delay.'),
  db_max_retry_interval: int(10, 'Upper bound for the growing retry delay.'),
  db_max_retries: int(20, 'Retries on connection or deadlock errors; -1 means forever.', { min: -1 }),
  connection_parameters: secret('', 'Extra key=value&… parameters appended to the URL.'),
});
