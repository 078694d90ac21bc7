import type { Listener } from '../../domain/resources.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { RESOURCE_COLUMNS } from '../core/resource-columns.ts';
import { sql } from '../core/sql.ts';
import { type Attributes, Table } from '../core/table.ts';

const table = new Table<Listener, 'listener'>({
  name: 'listener',
  columns: {
    ...RESOURCE_COLUMNS,
    loadBalancerId: 'load_balancer_id',
    description: 'description',
    protocol: 'protocol',
    protocolPort: 'protocol_port',
    connectionLimit: 'connection_limit',
    defaultPoolId: 'default_pool_id',
    insertHeaders: 'insert_headers',
    defaultTlsContainerRef: 'default_tls_container_ref',
    sniContainerRefs: 'sni_container_refs',
    timeoutClientData: 'timeout_client_data',
    timeoutMemberConnect: 'timeout_member_connect',
    timeoutMemberData: 'timeout_member_data',
    timeoutTcpInspect: 'timeout_tcp_inspect',
    clientAuthentication: 'client_authentication',
    clientCaTlsContainerRef: 'client_ca_tls_container_ref',
    clientCrlContainerRef: 'client_crl_container_ref',
    allowedCidrs: 'allowed_cidrs',
    givenCidrs: 'given_cidrs',
    tlsCiphers: 'tls_ciphers',
    tlsVersions: 'tls_versions',
    alpnProtocols: 'alpn_protocols',
    hstsMaxAge: 'hsts_max_age',
    hstsIncludeSubdomains: 'hsts_include_subdomains',
    hstsPreload: 'hsts_preload',
  },
  json: ['insertHeaders'],
  computed: { peerPort: 'null::integer' },
});

export const insert = (tx: Tx, listener: Listener) => table.insert(tx, listener);
export const insertionOf = (rows: readonly Listener[]) => table.insertionOf(rows);
export const get = (executor: Executor, id: string) => table.get(executor, id);
export const update = (executor: Executor, id: string, changes: Attributes<Listener>) =>
  table.update(executor, id, changes);
export const remove = (executor: Executor, id: string) => table.remove(executor, id);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export const byLoadBalancer = (executor: Executor, loadBalancerId: string) =>
  table.select(executor, sql`t.load_balancer_id = ${loadBalancerId}`);

/** Listeners that send to the pool: as default pool or through an L7 policy. */
export const usingPool = (executor: Executor, poolId: string) =>
  table.select(
    executor,
    sql`(t.default_pool_id = ${poolId}
      or exists (select 1 from l7policy p where p.listener_id = t.id and p.redirect_pool_id = ${poolId}))`,
  );

/** Ids of the L7 policies of a page of listeners, by position, in one statement. */
export async function policyIds(executor: Executor, ids: string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ id: string; policyIds: string[] }>`
    select l.id, array(select p.id from l7policy p where p.listener_id = l.id order by p.position) as "policyIds"
    from unnest(${ids}::uuid[]) as l(id)`.execute(executor);
  return new Map(rows.map((row) => [row.id, row.policyIds]));
}
