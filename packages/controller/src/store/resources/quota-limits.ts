/** Limits of projects that have their own. */

import { KINDS, type Limits, QUOTA_KINDS } from '../../domain/quotas.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { sql } from '../core/sql.ts';
import { Table } from '../core/table.ts';

/** `id` is the project. Null limits are not set: the defaults hold. */
export type ProjectQuota = { id: string } & Limits;

const table = new Table<ProjectQuota, 'quota'>({
  name: 'quota',
  columns: {
    id: 'project_id',
    loadBalancer: 'load_balancer_limit',
    pool: 'pool_limit',
    healthMonitor: 'health_monitor_limit',
    member: 'member_limit',
    listener: 'listener_limit',
    l7policy: 'l7policy_limit',
    l7rule: 'l7rule_limit',
  },
  computed: Object.fromEntries(
    KINDS.map((kind) => [
      `inUse${kind[0]?.toUpperCase()}${kind.slice(1)}`,
      `coalesce(t.${QUOTA_KINDS[kind].column}_in_use, 0)`,
    ]),
  ),
});

export const get = (executor: Executor, projectId: string) => table.get(executor, projectId);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

/** Sets the named limits (null = back to the default) and makes the record when there is none. */
export async function setLimits(tx: Tx, projectId: string, limits: Partial<Limits>): Promise<void> {
  await sql`insert into quota (project_id) values (${projectId}) on conflict do nothing`.execute(tx);
  await table.update(tx, projectId, limits);
}

/** Back to the defaults; what is in use stays counted. @returns whether there was a record */
export async function resetLimits(tx: Executor, projectId: string): Promise<boolean> {
  if (!(await table.get(tx, projectId))) return false;
  const assignments = KINDS.map((kind) => sql`${sql.ref(`${QUOTA_KINDS[kind].column}_limit`)} = null`);
  const result = await sql`
    update quota set ${sql.join(assignments)}, updated_at = now() where project_id = ${projectId}`.execute(tx);
  return result.count > 0;
}
