import type { Executor } from '../core/database.ts';
import { sql } from '../core/sql.ts';

/** Projects that have a load balancer, in order. */
export async function listProjects(executor: Executor): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct project_id as id from load_balancer where project_id <> '' and provisioning_status <> 'DELETED' order by id`.execute(
    executor,
  );
  return rows.map(({ id }) => id);
}
