/** Counters of listeners per amphora, as heartbeats bring them. */

import type { Tx } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

export interface ListenerCounts {
  listenerId: string;
  amphoraId: string;
  bytesIn: number;
  bytesOut: number;
  activeConnections: number;
  totalConnections: number;
  requestErrors: number;
}

const TOTALS = ['bytes_in', 'bytes_out', 'total_connections', 'request_errors'] as const;

/**
 * Adds deltas, or replaces totals when the sender counts by itself (old agents); open connections are always replaced.
 * Listeners that are gone are left out.
 * @param counts one per listener and amphora, sorted by amphora
 */
export async function record(tx: Tx, counts: readonly ListenerCounts[], mode: 'add' | 'replace'): Promise<void> {
  const silent = (count: ListenerCounts): boolean => mode === 'add' && isZero(count);
  const quiet = counts.filter(silent);
  const told = quiet.length === 0 ? counts : counts.filter((count) => !silent(count));
  // Nothing to add: written only where connections were open before.
  if (quiet.length > 0) {
    await sql`update listener_statistics s set active_connections = 0 from ${unnested(quiet)}
      where ${SAME} and s.active_connections <> 0`.execute(tx);
  }
  if (told.length === 0) return;
  const { count } = await sql`
    update listener_statistics s set ${assignments('s', 'd', mode)} from ${unnested(told)} where ${SAME}`.execute(tx);
  if (count < told.length) await begin(tx, told, mode);
}

const SAME = sql`s.listener_id = d.listener_id and s.amphora_id = d.amphora_id`;

/** The first counts of a listener on an amphora. */
async function begin(tx: Tx, counts: readonly ListenerCounts[], mode: 'add' | 'replace'): Promise<void> {
  await sql`
    insert into listener_statistics as s
      (listener_id, amphora_id, active_connections, ${sql.raw(TOTALS.join(', '))})
    select d.listener_id, d.amphora_id, d.active_connections, ${sql.raw(TOTALS.map((name) => `d.${name}`).join(', '))}
    from ${unnested(counts)} join listener l on l.id = d.listener_id
    where not exists (select 1 from listener_statistics s where ${SAME})
    on conflict (listener_id, amphora_id) do update set ${assignments('s', 'excluded', mode)}`.execute(tx);
}

const assignments = (stored: string, told: string, mode: 'add' | 'replace'): Sql =>
  sql.raw(
    [
      `active_connections = ${told}.active_connections`,
      ...TOTALS.map((name) => `${name} = ${mode === 'add' ? `${stored}.${name} + ` : ''}${told}.${name}`),
    ].join(', '),
  );

const unnested = (counts: readonly ListenerCounts[]): Sql => {
  const column = (pick: (count: ListenerCounts) => string | number) => `{${counts.map(pick).join(',')}}`;
  return sql`unnest(${column((c) => c.listenerId)}::uuid[], ${column((c) => c.amphoraId)}::uuid[],
    ${column((c) => c.activeConnections)}::bigint[], ${column((c) => c.bytesIn)}::bigint[],
    ${column((c) => c.bytesOut)}::bigint[], ${column((c) => c.totalConnections)}::bigint[],
    ${column((c) => c.requestErrors)}::bigint[])
    as d(listener_id, amphora_id, active_connections, bytes_in, bytes_out, total_connections, request_errors)`;
};

const isZero = (c: ListenerCounts): boolean =>
  c.activeConnections + c.bytesIn + c.bytesOut + c.totalConnections + c.requestErrors === 0;
