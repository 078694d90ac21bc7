/** How many amphorae are built at once, over all workers; the others wait by priority, the projects taking turns. */

import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';

const LOCK_KEY = 0x0c7a_71a2;

export interface SlotRequest {
  amphoraId: string;
  /** Of the load balancer. */
  projectId: string;
  /** Lower goes first. */
  priority: number;
}

export interface SlotAnswer {
  /** Of the amphorae asked for, those that have a slot. */
  granted: string[];
  /** Changes whenever another amphora gets a slot, or one gives it back. */
  building: string;
}

/** Takes slots, or places in the queue when none is free, and gives what is free to those whose turn it is. Idempotent. */
export async function acquire(tx: Tx, requests: readonly SlotRequest[], limit: number): Promise<SlotAnswer> {
  await sql`select pg_advisory_xact_lock(${LOCK_KEY})`.execute(tx);
  // Slots and places of amphorae that nobody builds any more.
  await sql`delete from amphora_build_request r
    where not exists (select 1 from amphora a where a.id = r.amphora_id and a.status = 'BOOTING')`.execute(tx);
  await sql`insert into amphora_build_request (amphora_id, project_id, priority)
    select * from unnest(${requests.map(({ amphoraId }) => amphoraId)}::uuid[],
      ${requests.map(({ projectId }) => projectId)}::text[], ${requests.map(({ priority }) => priority)}::int[])
    on conflict (amphora_id) do nothing`.execute(tx);
  await give(tx, limit);
  const { rows } = await sql<{ id: string }>`
    select amphora_id as id from amphora_build_request where building order by amphora_id`.execute(tx);
  const building = rows.map(({ id }) => id);
  const asked = new Set(requests.map(({ amphoraId }) => amphoraId));
  return { granted: building.filter((id) => asked.has(id)), building: building.join() };
}

/** A project's turn comes later the more it builds already, then the later it had its last one. */
async function give(tx: Tx, limit: number): Promise<void> {
  await sql`
    with busy as (select project_id, count(*) as builds from amphora_build_request where building group by project_id),
    queue as (
      select r.amphora_id, r.project_id, r.priority, r.created_at, t.last_at, coalesce(b.builds, 0)
        + row_number() over (partition by r.priority, r.project_id order by r.created_at, r.amphora_id) as turn
      from amphora_build_request r
        left join busy b on b.project_id = r.project_id
        left join amphora_build_turn t on t.project_id = r.project_id
      where not r.building),
    next as (
      select amphora_id, project_id from queue order by priority, turn, last_at nulls first, created_at, amphora_id
      limit greatest(0, ${limit}::bigint - (select count(*) from amphora_build_request where building))),
    given as (
      update amphora_build_request r set building = true from next where r.amphora_id = next.amphora_id),
    forgotten as (delete from amphora_build_turn where last_at < now() - interval '1 day'
      and project_id not in (select project_id from next))
    insert into amphora_build_turn (project_id, last_at) select project_id, clock_timestamp() from (select distinct project_id from next) p
    on conflict (project_id) do update set last_at = excluded.last_at`.execute(tx);
}

/** Gives slot or place back. Idempotent. */
export async function release(executor: Executor, amphoraId: string): Promise<void> {
  await sql`delete from amphora_build_request where amphora_id = ${amphoraId}`.execute(executor);
}
