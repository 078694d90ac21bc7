/** How many amphorae are built at once, over all workers; the others wait by priority, then by age. */
import { sql } from 'kysely';
import type { Executor, Tx } from './database.ts';

const LOCK_KEY = 0x0c7a_71a2;

/**
 * Takes a slot, or a place in the queue when none is free. Idempotent.
 * @param priority lower goes first
 * @returns whether the amphora has a slot
 */
export async function acquire(tx: Tx, amphoraId: string, priority: number, limit: number): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${LOCK_KEY})`.execute(tx);
  // Slots and places of amphorae that nobody builds any more.
  await sql`delete from amphora_build_request r
    where not exists (select 1 from amphora a where a.id = r.amphora_id and a.status = 'BOOTING')`.execute(tx);
  await sql`insert into amphora_build_request (amphora_id, priority) values (${amphoraId}, ${priority})
    on conflict (amphora_id) do nothing`.execute(tx);
  const { rows } = await sql<{ building: boolean }>`
    update amphora_build_request r set building = true
    where r.amphora_id = ${amphoraId} and (r.building or (
      (select count(*) from amphora_build_request where building) < ${limit}
      and r.amphora_id = (select amphora_id from amphora_build_request where not building
        order by priority, created_at, amphora_id limit 1)))
    returning building`.execute(tx);
  return rows.length > 0;
}

/** Gives slot or place back. Idempotent. */
export async function release(executor: Executor, amphoraId: string): Promise<void> {
  await sql`delete from amphora_build_request where amphora_id = ${amphoraId}`.execute(executor);
}
