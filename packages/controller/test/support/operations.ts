import type { Tx } from '../../src/store/core/database.ts';
import { sql } from '../../src/store/core/sql.ts';
import type { NewOperation } from '../../src/store/operations/operations.ts';

/** The row of an accepted operation alone, of which the engine knows nothing: the test runs it itself, or nobody does. */
export async function insertOperation(tx: Tx, operation: NewOperation): Promise<void> {
  const { id, loadBalancerId, projectId, kind, resourceType, resourceId, input, flowVersion } = operation;
  await sql`
    insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, retry_of,
      retry_number, state)
    values (${id}, ${loadBalancerId}, ${projectId}, ${kind}, ${resourceType}, ${resourceId}, ${JSON.stringify(input)},
      ${flowVersion}, ${operation.retryOf ?? null}, ${operation.retryNumber ?? 0}, 'queued')`.execute(tx);
}
