import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

/** The group of the compute service that keeps the amphorae of a load balancer apart; null when there is none. */
export async function get(executor: Executor, loadBalancerId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select server_group_id as id from load_balancer where id = ${loadBalancerId}`.execute(executor);
  return rows[0]?.id ?? null;
}

export async function set(executor: Executor, loadBalancerId: string, id: string | null): Promise<void> {
  await sql`update load_balancer set server_group_id = ${id} where id = ${loadBalancerId}`.execute(executor);
}
