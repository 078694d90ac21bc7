/** Amphorae that are not heard any more, and what was done about them. Every "when" is the database's clock. */

import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';

/** Amphorae that are expected to report. */
const SERVING = sql.raw(`('ALLOCATED', 'FAILOVER_STOPPED')`);
/** Those that are replaced when they fall silent: also what an operation failed on, or a pair would stay without its second. */
const REPLACEABLE = sql.raw(`('ALLOCATED', 'FAILOVER_STOPPED', 'ERROR')`);

export interface ZoneCounts {
  /** Compute zone; empty when unknown. */
  zone: string;
  total: number;
  late: number;
  stale: number;
  /** Stale, and in ERROR before: to be replaced, but no news of how the cloud is. */
  broken: number;
}

export interface CloudHealth {
  /** When this was counted; nothing that became stale later is to be judged by it. PostgreSQL's text. */
  at: string;
  zones: ZoneCounts[];
}

/** @param late seconds after which an amphora is late @param stale seconds after which nobody waits any longer */
export async function cloudHealth(executor: Executor, late: number, stale: number): Promise<CloudHealth> {
  const { rows } = await sql<ZoneCounts & { at: string }>`
    select t.at::text as at, coalesce(a.cached_zone, '') as zone, count(*) filter (where s.serves) as total,
      count(*) filter (where s.serves and h.last_update < t.at - make_interval(secs => ${late})) as late,
      count(*) filter (where s.serves and h.last_update < t.at - make_interval(secs => ${stale}) and not h.busy) as stale,
      count(*) filter (where not s.serves and h.last_update < t.at - make_interval(secs => ${stale}) and not h.busy) as broken
    from (select now() as at) t, amphora_health h join amphora a on a.id = h.amphora_id
      cross join lateral (select a.status in ${SERVING} as serves) s
    where a.status in ${REPLACEABLE} group by 1, 2`.execute(executor);
  const zones = rows.map(({ zone, total, late, stale, broken }) => ({ zone, total, late, stale, broken }));
  return { at: rows[0]?.at ?? '', zones };
}

export interface Candidate {
  amphoraId: string;
  loadBalancerId: string | null;
  zone: string;
  /** Seconds since its last heartbeat. */
  silence: number;
}

/**
 * Amphorae to replace, in random order: stale when `at` was counted, not busy, with a load balancer that is not being
 * changed. One whose replacement failed lately is left alone for a while: 1 minute, then 2, 4, up to 15.
 */
export async function candidates(
  executor: Executor,
  at: string,
  timeout: number,
  fullZones: readonly string[],
  limit: number,
): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select a.id as "amphoraId", a.load_balancer_id as "loadBalancerId", coalesce(a.cached_zone, '') as zone,
      extract(epoch from ${at}::timestamptz - h.last_update)::float8 as silence
    from amphora_health h join amphora a on a.id = h.amphora_id left join load_balancer lb on lb.id = a.load_balancer_id
    where h.last_update < ${at}::timestamptz - make_interval(secs => ${timeout}) and not h.busy
      and a.status in ${REPLACEABLE} and (lb.id is null or lb.provisioning_status in ('ACTIVE', 'ERROR'))
      and coalesce(a.cached_zone, '') <> all(${fullZones}::text[])
      and not exists (select 1 from automatic_failover f where f.amphora_id = a.id group by f.amphora_id
        having max(f.requested_at) > now() - make_interval(secs => least(900, 60 * 2 ^ (least(count(*), 10) - 1))))
    order by random() limit ${limit}`.execute(executor);
  return rows;
}

/** Health managers take their picks one after the other: each sees what the others took. */
export async function takeTurn(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${TURN})`.execute(tx);
}
const TURN = 0x0c7a_4ea1;

/**
 * Locks a candidate that is still one; the load balancer first, as everybody does.
 * @returns false when it was heard since, somebody else took it, or somebody works on its load balancer
 */
export async function claim(
  tx: Tx,
  { amphoraId, loadBalancerId }: Candidate,
  at: string,
  timeout: number,
): Promise<boolean> {
  if (loadBalancerId !== null) {
    const { rows } = await sql`select 1 from load_balancer
      where id = ${loadBalancerId} and provisioning_status in ('ACTIVE', 'ERROR') for update skip locked`.execute(tx);
    if (rows.length === 0) return false;
  }
  const { rows } = await sql`
    select 1 from amphora_health h join amphora a on a.id = h.amphora_id
    where h.amphora_id = ${amphoraId} and not h.busy and a.status in ${REPLACEABLE}
      and h.last_update < ${at}::timestamptz - make_interval(secs => ${timeout})
    for update of h skip locked`.execute(tx);
  return rows.length > 0;
}

export async function noteFailover(tx: Tx, candidate: Candidate, requestedBy: string): Promise<void> {
  await sql`
    insert into automatic_failover (amphora_id, load_balancer_id, zone, requested_by, requested_at)
    values (${candidate.amphoraId}, ${candidate.loadBalancerId}, ${candidate.zone}, ${requestedBy}, now())`.execute(tx);
}

/** Failovers health managers asked for that have not ended, and those of the last minute. */
export async function underWay(
  executor: Executor,
  requestedBy: string,
): Promise<{ byZone: Map<string, number>; own: number; lastMinute: number }> {
  const { rows } = await sql<{ zone: string; running: number; own: number; lastMinute: number }>`
    with latest as (
      select f.*, exists (select 1 from operation o where o.ended_at is null
        and o.kind = 'failover_amphora' and o.resource_id = f.amphora_id) as runs
      from automatic_failover f where f.requested_at > now() - interval '1 day')
    select zone, count(distinct amphora_id) filter (where runs) as running,
      count(distinct amphora_id) filter (where runs and requested_by = ${requestedBy}) as own,
      count(*) filter (where requested_at > now() - interval '1 minute') as "lastMinute"
    from latest group by zone`.execute(executor);
  return {
    byZone: new Map(rows.map(({ zone, running }) => [zone, running])),
    own: rows.reduce((sum, row) => sum + row.own, 0),
    lastMinute: rows.reduce((sum, row) => sum + row.lastMinute, 0),
  };
}

/** What is older than a day says nothing about today. */
export async function forgetFailovers(executor: Executor): Promise<void> {
  await sql`delete from automatic_failover where requested_at < now() - interval '1 day'`.execute(executor);
}

/** The circuit breaker: amphorae stale when `at` was counted are not replaced. @returns those it stopped newly */
export async function stopFailovers(tx: Tx, at: string, timeout: number): Promise<number> {
  const result = await sql`
    update amphora a set status = 'FAILOVER_STOPPED', updated_at = now() from amphora_health h
    where h.amphora_id = a.id and a.status = 'ALLOCATED' and not h.busy
      and h.last_update < ${at}::timestamptz - make_interval(secs => ${timeout})`.execute(tx);
  return result.count;
}

/** Load balancers, at most `limit`, that still look alive though all their amphorae are stale; locked. */
export async function lockUnheard(tx: Tx, at: string, timeout: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select lb.id from load_balancer lb
    where lb.operating_status not in ('ERROR', 'OFFLINE') and lb.provisioning_status <> 'DELETED'
      and lb.id in (
        select a.load_balancer_id from amphora a join amphora_health h on h.amphora_id = a.id
        where a.status in ${REPLACEABLE} and h.last_update < ${at}::timestamptz - make_interval(secs => ${timeout}))
      and not exists (
        select 1 from amphora a join amphora_health h on h.amphora_id = a.id
        where a.load_balancer_id = lb.id and a.status <> 'DELETED'
          and h.last_update >= ${at}::timestamptz - make_interval(secs => ${timeout}))
    order by lb.id limit ${limit} for no key update skip locked`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Amphorae that should report and never did, a while after they were made. At most `limit` of them. */
export async function neverHeard(executor: Executor, age: number, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select a.id from amphora a where a.status = 'ALLOCATED' and a.created_at < now() - make_interval(secs => ${age})
      and not exists (select 1 from amphora_health h where h.amphora_id = a.id)
    order by a.created_at limit ${limit}`.execute(executor);
  return rows.map(({ id }) => id);
}
