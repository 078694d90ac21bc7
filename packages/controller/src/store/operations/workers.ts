import { selection } from '../core/columns.ts';
import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface Worker {
  id: string;
  /** Host, boot and process namespace: two workers with the same text can look at each other's processes. */
  host: string;
  pid: number;
  /** Start time of the process in clock ticks since boot: a reused pid does not match. */
  processStart: string;
}

export async function beat(executor: Executor, worker: Worker): Promise<void> {
  await sql`
    insert into worker (id, host, pid, process_start)
    values (${worker.id}, ${worker.host}, ${worker.pid}, ${worker.processStart})
    on conflict (id) do update set heartbeat_at = now()`.execute(executor);
}

export async function remove(executor: Executor, id: string): Promise<void> {
  await sql`delete from worker where id = ${id}`.execute(executor);
}

const WORKER = selection<'worker', Worker>('w', {
  id: 'id',
  host: 'host',
  pid: 'pid',
  processStart: 'process_start',
});

/** All known workers, each with the age of its last beat by the database's clock (seconds). */
export async function all(executor: Executor): Promise<(Worker & { age: number })[]> {
  const { rows } = await sql<Worker & { age: number }>`
    select ${WORKER}, extract(epoch from now() - w.heartbeat_at)::float8 as age from worker w`.execute(executor);
  return rows;
}

/** True for one caller at a time, until the transaction ends. */
export async function tryElection(tx: Executor, key: number): Promise<boolean> {
  const { rows } = await sql<{ won: boolean }>`select pg_try_advisory_xact_lock(${key}) as won`.execute(tx);
  return rows[0]?.won ?? false;
}
