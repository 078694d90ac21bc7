/** What was: transitions of members' health, and what listeners counted in steps. Small and bounded. */
import type { OperatingStatus } from '../../domain/statuses.ts';
import type { Executor } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

export interface HealthTransition {
  memberId: string;
  at: Date;
  status: OperatingStatus;
  reason: string | null;
}

/** Newest first. */
export async function transitions(
  executor: Executor,
  loadBalancerId: string,
  memberId: string | null,
  limit: number,
): Promise<HealthTransition[]> {
  const member = memberId === null ? sql`` : sql` and t.member_id = ${memberId}`;
  const { rows } = await sql<HealthTransition>`
    select t.member_id as "memberId", t.at, t.status, t.reason from health_transition t
    where t.load_balancer_id = ${loadBalancerId}${member} order by t.at desc limit ${limit}`.execute(executor);
  return rows;
}

/** Seconds of a step, how many steps stand in a row, and how long rows are kept. */
const STEPS = {
  300: { inRow: 24, keptSeconds: 86_400 },
  3600: { inRow: 24, keptSeconds: 30 * 86_400 },
} as const;
export type Step = keyof typeof STEPS;

const COUNTERS = ['bytes_in', 'bytes_out', 'total_connections', 'request_errors', 'active_connections'] as const;
const PER_STEP = COUNTERS.length;

/** SQL: where the step that a time is in begins. */
const begins = (time: Sql, seconds: number): Sql =>
  sql.raw(`to_timestamp(floor(extract(epoch from ${time.compile().text}) / ${seconds}) * ${seconds})`);

/**
 * Ends the steps that are over: what was counted since the steps before, spread evenly where nobody looked for longer. A
 * listener that counted nothing costs nothing.
 * @returns how many listeners had something to keep
 */
export async function recordStep(executor: Executor, step: Step): Promise<number> {
  const row = step * STEPS[step].inRow;
  const now = begins(sql.raw('now()'), step);
  const most = STEPS[step].keptSeconds / step;
  const { rows } = await sql<{ kept: number }>`
    with totals as materialized (
      select s.listener_id, sum(s.bytes_in)::bigint as bytes_in, sum(s.bytes_out)::bigint as bytes_out,
        sum(s.total_connections)::bigint as total_connections, sum(s.request_errors)::bigint as request_errors,
        sum(s.active_connections)::bigint as active_connections
      from listener_statistics s group by s.listener_id),
    marks as materialized (select * from listener_history_mark where step = ${step}),
    marked as (
      insert into listener_history_mark as m (listener_id, step, at, ${sql.raw(COUNTERS.join(', '))})
      select t.listener_id, ${step}::int, now(), ${sql.raw(COUNTERS.map((name) => `t.${name}`).join(', '))}
      from totals t left join marks k on k.listener_id = t.listener_id
      where k.listener_id is null or ${begins(sql.raw('k.at'), step)} < ${now}
      on conflict (listener_id, step) do update set at = excluded.at,
        ${sql.raw(COUNTERS.map((name) => `${name} = excluded.${name}`).join(', '))}),
    counted as (
      select t.listener_id, greatest(${begins(sql.raw('k.at'), step)}, ${now} - make_interval(secs => ${step * most})) as first,
        ${sql.raw(
          COUNTERS.slice(0, -1)
            .map((name) => `greatest(t.${name} - k.${name}, 0) as ${name}`)
            .join(', '),
        )},
        t.active_connections
      from totals t join marks k on k.listener_id = t.listener_id
      where ${begins(sql.raw('k.at'), step)} < ${now}),
    steps as (
      select c.listener_id, s.begins, array[${sql.raw(
        COUNTERS.map((name) => (name === 'active_connections' ? `c.${name}` : `c.${name} / x.many`)).join(', '),
      )}]::real[] as counts
      from counted c
        cross join lateral (select extract(epoch from ${now} - c.first)::float8 / ${step}::int as many) x
        cross join lateral generate_series(c.first, ${now} - make_interval(secs => ${step}), make_interval(secs => ${step})) as s(begins)
      where c.bytes_in + c.bytes_out + c.total_connections + c.request_errors + c.active_connections > 0),
    chunks as (
      select s.listener_id, ${begins(sql.raw('s.begins'), row)} as begins, min(s.begins) as first,
        array_agg(v.count order by s.begins, v.place) as counts
      from steps s cross join lateral unnest(s.counts) with ordinality as v(count, place) group by 1, 2),
    kept as (
      insert into listener_history as h (listener_id, step, begins, counts)
      select c.listener_id, ${step}::int, c.begins,
        array_fill(0::real, array[${PER_STEP}::int * (extract(epoch from c.first - c.begins) / ${step}::int)::int]) || c.counts
      from chunks c
      on conflict (listener_id, step, begins) do update set counts = h.counts || excluded.counts[cardinality(h.counts) + 1:]
      returning 1)
    select count(*) as kept from kept`.execute(executor);
  return rows[0]?.kept ?? 0;
}

export interface ListenerHistory {
  listenerId: string;
  /** Of the first step. */
  begins: Date;
  /** One entry for each step that is over, oldest first: the five counters in the order of the table. */
  steps: number[][];
}

/** The listeners of a load balancer that counted anything, each over the whole time that is kept. */
export async function ofLoadBalancer(
  executor: Executor,
  loadBalancerId: string,
  step: Step,
): Promise<ListenerHistory[]> {
  const { inRow, keptSeconds } = STEPS[step];
  const { rows } = await sql<{ listenerId: string; begins: Date; counts: string; now: Date }>`
    select h.listener_id as "listenerId", h.begins, array_to_json(h.counts)::text as counts, now() as now
    from listener_history h join listener l on l.id = h.listener_id
    where l.load_balancer_id = ${loadBalancerId} and h.step = ${step}
      and h.begins > now() - make_interval(secs => ${keptSeconds + step * inRow})
    order by h.listener_id, h.begins`.execute(executor);
  const end = Math.floor((rows[0]?.now.getTime() ?? 0) / 1000 / step);
  const length = keptSeconds / step;
  return [...Map.groupBy(rows, ({ listenerId }) => listenerId)].map(([listenerId, chunks]) => {
    const steps = Array.from({ length }, () => Array<number>(PER_STEP).fill(0));
    for (const { begins: first, counts } of chunks) {
      const numbers = JSON.parse(counts) as number[];
      const offset = first.getTime() / 1000 / step - (end - length);
      for (let index = 0; index < numbers.length / PER_STEP; index += 1) {
        if (steps[offset + index]) steps[offset + index] = numbers.slice(index * PER_STEP, (index + 1) * PER_STEP);
      }
    }
    return { listenerId, begins: new Date((end - length) * step * 1000), steps };
  });
}

/** Of one member; a member that changes all the time has no more. */
const TRANSITIONS_KEPT = 100;
const TRANSITION_DAYS = 30;

/** @returns how many rows went */
export async function purgeHistory(executor: Executor): Promise<number> {
  const { count: old } = await sql`
    delete from health_transition where ctid = any(array(
      select t.ctid from (
        select h.ctid, h.at, row_number() over (partition by h.member_id order by h.at desc) as number from health_transition h) t
      where t.number > ${TRANSITIONS_KEPT} or t.at < now() - make_interval(days => ${TRANSITION_DAYS})))`.execute(
    executor,
  );
  const kept = Object.entries(STEPS).map(
    ([step, { inRow, keptSeconds }]) =>
      sql`(h.step = ${Number(step)} and h.begins < now() - make_interval(secs => ${keptSeconds + Number(step) * inRow}))`,
  );
  const gone = sql`not exists (select 1 from listener l where l.id = h.listener_id)`;
  const { count: steps } = await sql`
    delete from listener_history h where ${sql.join(kept, sql` or `)} or ${gone}`.execute(executor);
  await sql`delete from listener_history_mark h where ${gone}`.execute(executor);
  return old + steps;
}
