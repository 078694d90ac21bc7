import type { Pool } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, Table } from '../core/table.ts';

const table = new Table<Pool, 'pool'>({
  name: 'pool',
  columns: {
    ...RESOURCE_COLUMNS,
    loadBalancerId: 'load_balancer_id',
    description: 'description',
    protocol: 'protocol',
    lbAlgorithm: 'lb_algorithm',
    sessionPersistence: 'session_persistence',
    tlsEnabled: 'tls_enabled',
    tlsContainerRef: 'tls_container_ref',
    caTlsContainerRef: 'ca_tls_container_ref',
    crlContainerRef: 'crl_container_ref',
    tlsCiphers: 'tls_ciphers',
    tlsVersions: 'tls_versions',
    alpnProtocols: 'alpn_protocols',
  },
  json: ['sessionPersistence'],
  computed: { healthMonitorId: 'select h.id from health_monitor h where h.pool_id = t.id' },
  several: {
    listenerId: `select l.id from listener l where l.default_pool_id = t.id
      union select y.listener_id from l7policy y where y.redirect_pool_id = t.id`,
  },
});

export const insert = (tx: Tx, pool: Pool) => table.insert(tx, pool);
export const insertionOf = (rows: readonly Pool[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<Pool>) =>
  table.update(executor, id, changes);
export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const columnsOf = (alias: string) => table.columnsOf(alias);
export const named = (alias: string, row: Record<string, unknown>) => table.named(alias, row);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.load_balancer_id = ${loadBalancerId}`);

export interface PoolRelations {
  listenerIds: string[];
  memberIds: string[];
  healthMonitorId: string | null;
}

/** What a page of pools is linked to, in one statement. */
export async function relations(executor: Executor, ids: string[]): Promise<Map<string, PoolRelations>> {
  const { rows } = await sql<{ id: string } & PoolRelations>`
    select p.id,
      array(select l.id from listener l where l.default_pool_id = p.id
        or exists (select 1 from l7policy y where y.listener_id = l.id and y.redirect_pool_id = p.id)
        order by l.created_at, l.id) as "listenerIds",
      array(select m.id from member m where m.pool_id = p.id order by m.created_at, m.id) as "memberIds",
      (select h.id from health_monitor h where h.pool_id = p.id) as "healthMonitorId"
    from unnest(${ids}::uuid[]) as p(id)`.execute(executor);
  return new Map(rows.map(({ id, ...rest }) => [id, rest]));
}

/** An L7 policy that redirects to the pool, if any. */
export async function redirectingPolicyId(executor: Executor, poolId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from l7policy where redirect_pool_id = ${poolId} order by created_at, id limit 1`.execute(executor);
  return rows[0]?.id ?? null;
}
