/**
 * Counts in the names of load balancers until it is killed. Each change locks its load balancer, as every change does; some
 * take their number of a transaction before they wait for the lock, some are rolled back, some take their time. argv: url, ids
 */
import { Store } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';

const [url = '', ...ids] = process.argv.slice(2);
const store = new Store({ url, maxConnections: 4 });

class Rollback extends Error {}

async function count(): Promise<void> {
  const id = ids[Math.floor(Math.random() * ids.length)] ?? '';
  await store.transaction(async (tx) => {
    if (Math.random() < 0.5) await sql`select pg_current_xact_id()`.execute(tx);
    const { rows } = await sql<{
      name: string;
    }>`select name from load_balancer where id = ${id} for no key update`.execute(tx);
    if (Math.random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 20));
    const name = String(Number(rows[0]?.name) + 1);
    await sql`update load_balancer set name = ${name} where id = ${id}`.execute(tx);
    if (Math.random() < 0.1) throw new Rollback();
  });
}

async function work(): Promise<never> {
  for (;;) {
    // The database may be away.
    await count().catch(
      (error: unknown) => error instanceof Rollback || new Promise((resolve) => setTimeout(resolve, 20)),
    );
    // 50 readers hear each change: without a pause they, and not what is tested, would take the machine.
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

console.log('begun');
await Promise.all(Array.from({ length: 4 }, work));
