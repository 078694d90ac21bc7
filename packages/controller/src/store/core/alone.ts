import type { Database, Session } from './database.ts';
import { type Sql, sql } from './sql.ts';

/**
 * Runs the work while this process alone holds the advisory lock. The lock belongs to the connection: when the process dies, or
 * its connection is cut, PostgreSQL gives it to the next who asks.
 *
 * @param key of the lock: one number of 64 bits, or two of 32 with a comma between them
 * @returns false when somebody else holds it
 */
export async function whileAlone(db: Database, key: Sql, work: (session: Session) => Promise<void>): Promise<boolean> {
  return db.session(async (session) => {
    const { rows } = await sql<{ won: boolean }>`select pg_try_advisory_lock(${key}) as won`.execute(session);
    if (!rows[0]?.won) return false;
    try {
      await work(session);
    } finally {
      // A connection that could not unlock is closed: the lock ends with it.
      if (!session.isLost) {
        await sql`select pg_advisory_unlock(${key})`.execute(session).catch(() => session.discard());
      }
    }
    return true;
  });
}
