/**
 * Heartbeats in, statuses out: a few set-based statements for a whole batch, whatever its size. Arrays travel as PostgreSQL's
 * own text and answers as one text: at 5,000 heartbeats a second the driver's way through every value would cost more than
 * the database's work.
 */
import type { ExpectedTree } from '../../domain/operating-status.ts';
import type { AmphoraStatus, OperatingStatus, ProvisioningStatus } from '../../domain/statuses.ts';
import { OctaviaError } from '../../errors.ts';
import type { Executor, Tx } from '../core/database.ts';
import { sql } from '../core/sql.ts';
import { isContention, isDatabaseUnavailable } from '../core/unavailable.ts';

/** The database was away or busy: the same statements may succeed later. */
export const isPassing = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || error instanceof OctaviaError || isContention(error);

/** One or several messages of an amphora. */
export interface Beat {
  amphoraId: string;
  /** Of the newest message; 0 when the sender does not count. */
  seq: number;
  /** The messages it stands for: bit n is message seq - n. */
  bits: bigint;
  /** Since the newest was received. */
  ageSeconds: number;
  /** Its numbers begin anew: the sender was restarted. */
  restarted: boolean;
}

export interface Heard {
  amphoraId: string;
  status: AmphoraStatus;
  loadBalancerId: string | null;
  /** Changes whenever the load balancer or anything below it was changed: every such change writes the row. */
  version: string | null;
  /** `late`: newer messages were counted before it; `refused`: it, or all it could be, was counted before. */
  verdict: 'fresh' | 'late' | 'refused';
}

/** SQL: values that need no quotes inside an array's text: identifiers, numbers, words of ours. */
export const array = (values: readonly (string | number | bigint | boolean)[]): string => `{${values.join(',')}}`;

const readHeard = (text: string | null): Heard[] =>
  (text === null ? [] : text.split(';')).map((row) => {
    const [amphoraId = '', status, loadBalancerId, version, verdict] = row.split(',');
    return {
      amphoraId,
      status: status as AmphoraStatus,
      loadBalancerId: loadBalancerId || null,
      version: version || null,
      verdict: verdict as Heard['verdict'],
    };
  });

/**
 * Notes that amphorae were heard (database clock).
 * @param beats at most one per amphora, sorted by it: two health managers then never wait for each other in a circle
 * @returns those that are known; amphorae nobody knows are missing
 */
export async function hear(tx: Tx, beats: readonly Beat[]): Promise<Heard[]> {
  const heard = await updateHeard(tx, beats);
  if (heard.length === beats.length) return heard;
  const done = new Set(heard.map(({ amphoraId }) => amphoraId));
  return [
    ...heard,
    ...(await hearOthers(
      tx,
      beats.filter(({ amphoraId }) => !done.has(amphoraId)),
    )),
  ];
}

const unnested = (beats: readonly Beat[]) => sql`unnest(
  ${array(beats.map((beat) => beat.amphoraId))}::uuid[], ${array(beats.map((beat) => beat.seq))}::bigint[],
  ${array(beats.map((beat) => beat.bits))}::bigint[], ${array(beats.map((beat) => beat.ageSeconds))}::float8[],
  ${array(beats.map((beat) => beat.restarted))}::bool[]) as b(id, seq, bits, age, restarted)`;

async function updateHeard(tx: Tx, beats: readonly Beat[]): Promise<Heard[]> {
  const fresh = sql`(b.restarted or b.seq > h.last_seq or (b.seq = 0 and h.last_seq = 0))`;
  const known = sql`(h.last_seq - b.seq < 63 and (h.seen >> (h.last_seq - b.seq)::int) & 1 = 0)`;
  const { rows } = await sql<{ heard: string | null }>`
    with heard as (
      update amphora_health h set
        last_update = case when ${fresh} then now() - make_interval(secs => b.age) else h.last_update end,
        last_seq = case when ${fresh} then b.seq else h.last_seq end,
        seen = case
          when b.restarted or b.seq - h.last_seq > 62 then b.bits
          when b.seq >= h.last_seq then (h.seen << (b.seq - h.last_seq)::int) | b.bits
          else h.seen | (b.bits << (h.last_seq - b.seq)::int) end
      from ${unnested(beats)} join amphora a on a.id = b.id left join load_balancer lb on lb.id = a.load_balancer_id
      where h.amphora_id = b.id and (${fresh} or ${known})
      returning h.amphora_id || ',' || a.status || ',' || coalesce(lb.id::text, '') || ',' || coalesce(lb.xmin::text, '')
        || ',' || case when h.last_seq = b.seq then 'fresh' else 'late' end as row)
    select string_agg(row, ';') as heard from heard`.execute(tx);
  return readHeard(rows[0]?.heard ?? null);
}

/** Heard for the first time, refused, or unknown. */
async function hearOthers(tx: Tx, beats: readonly Beat[]): Promise<Heard[]> {
  const { rows } = await sql<{ heard: string | null }>`
    with known as (
      select b.*, a.status, lb.id as load_balancer_id, lb.xmin::text as version, h.amphora_id is null as is_new
      from ${unnested(beats)} join amphora a on a.id = b.id left join load_balancer lb on lb.id = a.load_balancer_id
      left join amphora_health h on h.amphora_id = b.id),
    begun as (
      insert into amphora_health (amphora_id, last_update, last_seq, seen)
      select id, now() - make_interval(secs => age), seq, bits from known where is_new
      on conflict (amphora_id) do nothing)
    select string_agg(id || ',' || status || ',' || coalesce(load_balancer_id::text, '') || ',' || coalesce(version, '')
      || ',' || case when is_new then 'fresh' else 'refused' end, ';') as heard from known`.execute(tx);
  return readHeard(rows[0]?.heard ?? null);
}

/** Amphorae the circuit breaker had stopped and that report again. @returns how many there were */
export async function resumeStopped(tx: Tx, amphoraIds: readonly string[]): Promise<number> {
  const result = await sql`update amphora set status = 'ALLOCATED', updated_at = now()
    where id = any(${array(amphoraIds)}::uuid[]) and status = 'FAILOVER_STOPPED'`.execute(tx);
  return result.count;
}

export interface VersionedTree extends ExpectedTree {
  version: string;
}

const state = (alias: string): string =>
  `${alias}.id || ',' || ${alias}.admin_state_up::int || ',' || ${alias}.provisioning_status || ',' || ${alias}.operating_status`;

const TREES = sql.raw(`lb.xmin::text || '/' || ${state('lb')}
  || '/' || coalesce((select string_agg(${state('l')}, ';') from listener l where l.load_balancer_id = lb.id), '')
  || '/' || coalesce((select string_agg(${state('p')}, ';') from pool p where p.load_balancer_id = lb.id), '')
  || '/' || coalesce((select string_agg(${state('m')} || ',' || m.pool_id, ';')
    from pool p join member m on m.pool_id = p.id where p.load_balancer_id = lb.id), '')`);

const readState = (text: string) => {
  const [id = '', up, provisioning, operating, poolId = ''] = text.split(',');
  return {
    id,
    adminStateUp: up === '1',
    provisioningStatus: provisioning as ProvisioningStatus,
    operatingStatus: operating as OperatingStatus,
    poolId,
  };
};
const readStates = (text: string | undefined) => (text ? text.split(';').map(readState) : []);

/** What reports are compared with, of load balancers that exist. One statement: a tree and its version belong together. */
export async function expectedTrees(executor: Executor, ids: readonly string[]): Promise<Map<string, VersionedTree>> {
  const { rows } = await sql<{ trees: string | null }>`
    select string_agg(row, '|') as trees from (select ${TREES} as row from load_balancer lb
      where lb.id = any(${array(ids)}::uuid[]) and lb.provisioning_status <> 'DELETED') trees`.execute(executor);
  const texts = rows[0]?.trees?.split('|') ?? [];
  return new Map(
    texts.map((text) => {
      const [version = '', loadBalancer = '', listeners, pools, members] = text.split('/');
      const tree = {
        version,
        loadBalancer: readState(loadBalancer),
        listeners: readStates(listeners),
        pools: readStates(pools),
        members: readStates(members),
      };
      return [tree.loadBalancer.id, tree];
    }),
  );
}
