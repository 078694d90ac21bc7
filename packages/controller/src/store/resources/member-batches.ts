/** What a batch of members is judged by, in one statement. */
import { sql } from 'kysely';
import type { LoadBalancer, Member, Pool } from '../../domain/resources.ts';
import { free, readRows, rowsText, rowText } from '../core/cells.ts';
import type { Executor } from '../core/database.ts';
import { isUuid } from '../core/table.ts';
import * as loadBalancers from './load-balancers.ts';
import * as pools from './pools.ts';

/** What a batch takes over from the members that a pool has: the rest it says itself. */
export type PresentMember = Pick<
  Member,
  'id' | 'projectId' | 'poolId' | 'name' | 'tags' | 'address' | 'protocolPort' | 'subnetId' | 'vnicType'
>;

export interface BatchTarget {
  pool: Pool;
  loadBalancer: LoadBalancer;
  /** Of the load balancer; see `changeUnchanged`. */
  version: string;
  /** Whether the pool has a health monitor. */
  monitored: boolean;
  /** Oldest first. */
  members: PresentMember[];
}

const CELLS = ['m.id', 'm.address', 'm.protocol_port', 'm.subnet_id', 'm.vnic_type', free('m.name'), free('m.tags')];
const MEMBERS = rowsText(
  `select ${rowText(CELLS)} as row from member m where m.pool_id = p.id order by m.created_at, m.id`,
);

const READ = sql.raw(`
  select ${loadBalancers.columnsOf('b')}, ${pools.columnsOf('p')}, b.xmin::text as version, ${MEMBERS} as members,
    exists (select 1 from health_monitor h where h.pool_id = p.id) as monitored
  from pool p join load_balancer b on b.id = p.load_balancer_id where p.id =`);

/** One moment's view, without a lock. Null when there is no such pool. */
export async function target(executor: Executor, poolId: string): Promise<BatchTarget | null> {
  if (!isUuid(poolId)) return null;
  const { rows } = await sql<Record<string, unknown>>`${READ} ${poolId}`.execute(executor);
  const [row] = rows;
  if (!row) return null;
  const pool = pools.named('p', row);
  return {
    pool,
    loadBalancer: loadBalancers.named('b', row),
    version: String(row.version),
    monitored: row.monitored === true,
    members: readRows(row.members as string | null).map((cells) => present(pool, cells)),
  };
}

function present(pool: Pool, cells: string[]): PresentMember {
  const [id = '', address = '', port, subnetId, vnicType, name = '""', tags = '[]'] = cells;
  return {
    id,
    projectId: pool.projectId,
    poolId: pool.id,
    name: name === '""' ? '' : JSON.parse(name),
    tags: tags === '[]' ? [] : JSON.parse(tags),
    address,
    protocolPort: Number(port),
    subnetId: subnetId || null,
    vnicType: vnicType as Member['vnicType'],
  };
}
