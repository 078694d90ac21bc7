/** Why an object is in ERROR: three columns of every resource, always written together. */

import type { ErrorCode } from '../../errors.ts';
import { type Sql, sql } from '../core/sql.ts';

/** Texts are for people and may be reworded at any time; whoever decides something reads the code or the operation. */
export interface Failure {
  /** In the tenant's words. */
  reason: string;
  code: ErrorCode;
  /** The operation that failed; null when none did. */
  operationId: string | null;
}

/** SQL: assigns the failure; null clears it. */
export const assignFailure = (failure: Failure | null): Sql => sql`
  status_reason = ${failure?.reason ?? null}, status_code = ${failure?.code ?? null},
  failed_operation_id = ${failure?.operationId ?? null}::uuid`;

/** SQL: assigns the failure to rows that have none. A row that waits after an earlier failure keeps that one. */
export const assignFirstFailure = ({ reason, code, operationId }: Failure): Sql => sql`
  status_reason = coalesce(status_reason, ${reason}),
  status_code = case when status_reason is null then ${code} else status_code end,
  failed_operation_id = case when status_reason is null then ${operationId}::uuid else failed_operation_id end`;

/** SQL: whether the row has a failure, be it in ERROR or waiting after it. */
export const HAS_FAILURE = sql`status_reason is not null`;
