import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

export interface Statistics {
  activeConnections: number;
  bytesIn: number;
  bytesOut: number;
  requestErrors: number;
  totalConnections: number;
}

/**
 * Sums over amphorae: totals keep the history of replaced ones, open connections count only those that serve. What drivers of
 * providers without amphorae report stands under the id of the listener itself.
 */
const SUMS = sql`
  coalesce(sum(s.active_connections) filter (where a.status = 'ALLOCATED' or s.amphora_id = s.listener_id), 0)::bigint as "activeConnections",
  coalesce(sum(s.bytes_in), 0)::bigint as "bytesIn",
  coalesce(sum(s.bytes_out), 0)::bigint as "bytesOut",
  coalesce(sum(s.request_errors), 0)::bigint as "requestErrors",
  coalesce(sum(s.total_connections), 0)::bigint as "totalConnections"`;

async function sum(executor: Executor, condition: ReturnType<typeof sql>): Promise<Statistics> {
  const { rows } = await sql<Statistics>`
    select ${SUMS} from listener_statistics s left join amphora a on a.id = s.amphora_id where ${condition}`.execute(
    executor,
  );
  return rows[0]!;
}

/** Counters of one amphora, per listener. */
export async function ofAmphora(
  executor: Executor,
  amphoraId: string,
): Promise<(Statistics & { listenerId: string; loadBalancerId: string | null })[]> {
  const { rows } = await sql<Statistics & { listenerId: string; loadBalancerId: string | null }>`
    select s.listener_id as "listenerId", coalesce(l.load_balancer_id, a.load_balancer_id) as "loadBalancerId",
      s.active_connections as "activeConnections", s.bytes_in as "bytesIn", s.bytes_out as "bytesOut",
      s.request_errors as "requestErrors", s.total_connections as "totalConnections"
    from listener_statistics s left join listener l on l.id = s.listener_id left join amphora a on a.id = s.amphora_id
    where s.amphora_id = ${amphoraId} order by s.listener_id`.execute(executor);
  return rows;
}

export const forListener = (executor: Executor, listenerId: string) =>
  sum(executor, sql`s.listener_id = ${listenerId}`);

export const forLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  sum(executor, sql`s.listener_id in (select l.id from listener l where l.load_balancer_id = ${loadBalancerId})`);

/** Names of the providers that listeners belong to, by the id of the listener; those that are not there are missing. */
export async function providersOfListeners(executor: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; provider: string }>`
    select l.id, lb.provider from listener l join load_balancer lb on lb.id = l.load_balancer_id
    where l.id = any(${ids}::uuid[]) order by l.id`.execute(executor);
  return new Map(rows.map(({ id, provider }) => [id, provider]));
}
