import { sql } from 'kysely';
import type { Executor } from '../core/database.ts';

export interface Worker {
  id: string;
  /** Host, boot and process namespace: two workers with the same text can look at each other's processes. */
  host: string;
  pid: number;
  /** Start time of the process in clock ticks since boot: a reused pid does not match. */
  processStart: string;
}

export async function beat(executor: Executor, worker: Worker): Promise<void> {
  await executor
    .insertInto('worker')
    .values({ id: worker.id, host: worker.host, pid: worker.pid, process_start: worker.processStart })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ heartbeat_at: sql`now()` }))
    .execute();
}

export async function remove(executor: Executor, id: string): Promise<void> {
  await executor.deleteFrom('worker').where('id', '=', id).execute();
}

/** All known workers, each with the age of its last beat by the database's clock (seconds). */
export async function all(executor: Executor): Promise<(Worker & { age: number })[]> {
  const { rows } = await sql<Worker & { age: number }>`
    select id, host, pid, process_start as "processStart", extract(epoch from now() - heartbeat_at)::float8 as age
    from worker`.execute(executor);
  return rows;
}

/** True for one caller at a time, until the transaction ends. */
export async function tryElection(tx: Executor, key: number): Promise<boolean> {
  const { rows } = await sql<{ won: boolean }>`select pg_try_advisory_xact_lock(${key}) as won`.execute(tx);
  return rows[0]?.won ?? false;
}
