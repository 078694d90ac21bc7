/** Heartbeats in, statuses out: a few set-based statements for a whole batch, whatever its size. */
import { sql } from 'kysely';
import type { ExpectedTree, StatusChange } from '../domain/operating-status.ts';
import type { Executor, Tx } from './database.ts';

/** Notes that amphorae were heard (database clock). Unknown and deleted ones are left out. */
export async function heard(executor: Executor, beats: { amphoraId: string; seq: number }[]): Promise<void> {
  await sql`
    insert into amphora_health (amphora_id, last_update, last_seq)
    select b.id, now(), b.seq from unnest(${beats.map((beat) => beat.amphoraId)}::uuid[], ${beats.map((beat) => beat.seq)}::bigint[]) as b(id, seq)
    join amphora a on a.id = b.id and a.status <> 'DELETED'
    on conflict (amphora_id) do update set last_update = excluded.last_update, last_seq = excluded.last_seq`.execute(
    executor,
  );
}

/** For each known amphora, the stored tree its report is compared with. One statement; jsonb keeps it to one row each. */
export async function expectedTrees(executor: Executor, amphoraIds: string[]): Promise<Map<string, ExpectedTree>> {
  const object = (alias: string, more = '') =>
    sql.raw(`json_build_object('id', ${alias}.id, 'adminStateUp', ${alias}.admin_state_up,
      'provisioningStatus', ${alias}.provisioning_status, 'operatingStatus', ${alias}.operating_status${more})`);
  const { rows } = await sql<{ amphoraId: string } & ExpectedTree>`
    select a.id as "amphoraId", ${object('lb')} as "loadBalancer",
      coalesce((select json_agg(${object('l')}) from listener l where l.load_balancer_id = lb.id), '[]') as listeners,
      coalesce((select json_agg(${object('p')}) from pool p where p.load_balancer_id = lb.id), '[]') as pools,
      coalesce((select json_agg(${object('m', `, 'poolId', m.pool_id`)}) from pool p join member m on m.pool_id = p.id
        where p.load_balancer_id = lb.id), '[]') as members
    from amphora a join load_balancer lb on lb.id = a.load_balancer_id
    where a.id = any(${amphoraIds}::uuid[]) and a.status <> 'DELETED' and lb.provisioning_status <> 'DELETED'`.execute(
    executor,
  );
  return new Map(rows.map(({ amphoraId, ...tree }) => [amphoraId, tree]));
}

/** Writes changed operating statuses, one statement per kind. */
export async function setOperatingStatuses(tx: Tx, changes: StatusChange[]): Promise<void> {
  // In the order in which the API takes its locks, or the two could wait for each other.
  for (const kind of ['load_balancer', 'listener', 'pool', 'member'] as const) {
    const rows = changes.filter((change) => change.kind === kind).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (rows.length === 0) continue;
    await sql`
      update ${sql.table(kind)} t set operating_status = c.status
      from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.operatingStatus)}::text[]) as c(id, status)
      where t.id = c.id`.execute(tx);
  }
}

export interface ListenerCounts {
  listenerId: string;
  amphoraId: string;
  bytesIn: number;
  bytesOut: number;
  activeConnections: number;
  totalConnections: number;
  requestErrors: number;
}

/**
 * Adds deltas, or replaces totals when the sender counts by itself (old agents); open connections are always replaced.
 * Listeners that are gone are left out.
 */
export async function recordStatistics(tx: Tx, deltas: ListenerCounts[], mode: 'add' | 'replace'): Promise<void> {
  if (deltas.length === 0) return;
  const former = (name: string) => sql.raw(mode === 'add' ? `listener_statistics.${name} +` : '');
  const column = (pick: (delta: ListenerCounts) => string | number) => deltas.map(pick);
  await sql`
    insert into listener_statistics
      (listener_id, amphora_id, bytes_in, bytes_out, active_connections, total_connections, request_errors)
    select d.listener_id, d.amphora_id, d.bytes_in, d.bytes_out, d.active, d.total, d.errors
    from unnest(${column((d) => d.listenerId)}::uuid[], ${column((d) => d.amphoraId)}::uuid[],
      ${column((d) => d.bytesIn)}::bigint[], ${column((d) => d.bytesOut)}::bigint[],
      ${column((d) => d.activeConnections)}::bigint[], ${column((d) => d.totalConnections)}::bigint[],
      ${column((d) => d.requestErrors)}::bigint[])
      as d(listener_id, amphora_id, bytes_in, bytes_out, active, total, errors)
    join listener l on l.id = d.listener_id
    order by d.listener_id
    on conflict (listener_id, amphora_id) do update set
      bytes_in = ${former('bytes_in')} excluded.bytes_in,
      bytes_out = ${former('bytes_out')} excluded.bytes_out,
      active_connections = excluded.active_connections,
      total_connections = ${former('total_connections')} excluded.total_connections,
      request_errors = ${former('request_errors')} excluded.request_errors`.execute(tx);
}
