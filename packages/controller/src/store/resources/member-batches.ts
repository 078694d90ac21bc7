/** What a batch of members is judged by, in one statement. */

import type { LoadBalancer, Member, Pool } from '../../domain/resources.ts';
import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';
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

const MEMBERS = sql`coalesce((select json_agg(found) from (
    select m.id, m.address, m.protocol_port as "protocolPort", m.subnet_id as "subnetId", m.vnic_type as "vnicType", m.name,
      m.tags
    from member m where m.pool_id = p.id order by m.created_at, m.id) found), '[]')`;

const READ = sql`
  select ${loadBalancers.columnsOf('b')}, ${pools.columnsOf('p')}, b.xmin::text as version, ${MEMBERS} as members,
    exists (select 1 from health_monitor h where h.pool_id = p.id) as monitored
  from pool p join load_balancer b on b.id = p.load_balancer_id where p.id =`;

interface Read extends Record<string, unknown> {
  version: string;
  members: Omit<PresentMember, 'projectId' | 'poolId'>[];
  monitored: boolean;
}

/** One moment's view, without a lock. Null when there is no such pool. */
export async function target(executor: Executor, poolId: string): Promise<BatchTarget | null> {
  if (!isUuid(poolId)) return null;
  const { rows } = await sql<Read>`${READ} ${poolId}`.execute(executor);
  const [row] = rows;
  if (!row) return null;
  const pool = pools.named('p', row);
  const { projectId } = pool;
  return {
    pool,
    loadBalancer: loadBalancers.named('b', row),
    version: row.version,
    monitored: row.monitored,
    members: row.members.map((member) => ({ ...member, projectId, poolId: pool.id })),
  };
}
