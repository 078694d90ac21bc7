/** Names and statuses of everything below a load balancer, in one statement. */
import type { OperatingStatus, ProvisioningStatus } from '../../domain/statuses.ts';
import type { Executor } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';
import { isUuid } from '../core/table.ts';

export interface Status {
  id: string;
  name: string;
  operatingStatus: OperatingStatus;
  provisioningStatus: ProvisioningStatus;
}

export interface StatusTree extends Status {
  projectId: string;
  listeners: (Status & { defaultPoolId: string | null })[];
  pools: Status[];
  members: (Status & { poolId: string; address: string; protocolPort: number })[];
  healthMonitors: (Status & { poolId: string; type: string })[];
  /** By position. */
  redirects: { listenerId: string; poolId: string }[];
}

const STATUS = sql`t.id, t.name, t.operating_status as "operatingStatus", t.provisioning_status as "provisioningStatus"`;

const BELOW_POOLS = sql`join pool p on p.id = t.pool_id where p.load_balancer_id = b.id`;

const IN_ORDER = sql`order by t.created_at, t.id`;

/** SQL: the rows of a query as one JSON array. */
const rowsOf = (query: Sql): Sql => sql`coalesce((select json_agg(found) from (${query}) found), '[]')`;

const TREE = sql<StatusTree>`
  select b.id, b.name, b.operating_status as "operatingStatus", b.provisioning_status as "provisioningStatus",
    b.project_id as "projectId",
    ${rowsOf(sql`select ${STATUS}, t.default_pool_id as "defaultPoolId" from listener t
      where t.load_balancer_id = b.id ${IN_ORDER}`)} as listeners,
    ${rowsOf(sql`select ${STATUS} from pool t where t.load_balancer_id = b.id ${IN_ORDER}`)} as pools,
    ${rowsOf(sql`select ${STATUS}, t.pool_id as "poolId", coalesce(t.given_address, host(t.address)) as address,
      t.protocol_port as "protocolPort" from member t ${BELOW_POOLS} ${IN_ORDER}`)} as members,
    ${rowsOf(sql`select ${STATUS}, t.pool_id as "poolId", t.type from health_monitor t ${BELOW_POOLS}`)}
      as "healthMonitors",
    ${rowsOf(sql`select t.listener_id as "listenerId", t.redirect_pool_id as "poolId"
      from l7policy t join listener l on l.id = t.listener_id
      where l.load_balancer_id = b.id and t.redirect_pool_id is not null order by t.position`)} as redirects
  from load_balancer b where b.provisioning_status <> 'DELETED' and b.id =`;

export async function statusTree(executor: Executor, id: string): Promise<StatusTree | null> {
  if (!isUuid(id)) return null;
  const { rows } = await sql<StatusTree>`${TREE} ${id}`.execute(executor);
  return rows[0] ?? null;
}
