/** Statuses as tests need them: in production nothing but `status/` writes them. */

import type { Resource } from '../../src/domain/resources.ts';
import type { TreeKind } from '../../src/domain/status-transitions.ts';
import type { Executor } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';

const COLUMNS = {
  provisioningStatus: 'provisioning_status',
  operatingStatus: 'operating_status',
  statusReason: 'status_reason',
  statusCode: 'status_code',
} as const;

export async function setStatuses(
  executor: Executor,
  kind: TreeKind,
  id: string,
  statuses: Partial<Pick<Resource, keyof typeof COLUMNS>>,
): Promise<void> {
  const fields = Object.entries(statuses) as [keyof typeof COLUMNS, string | null][];
  const assigned = fields.map(([field, value]) => sql`${sql.ref(COLUMNS[field])} = ${value}`);
  await sql`update ${sql.table(kind)} set ${sql.join(assigned)} where id = ${id}`.execute(executor);
}
