/** Why an object is in ERROR: three columns of every resource, always written together. */

import type { Rule } from '../domain/status-transitions.ts';
import type { ErrorCode } from '../errors.ts';
import { type Sql, sql } from '../store/core/sql.ts';

/** Texts are for people and may be reworded at any time; whoever decides something reads the code or the operation. */
export interface Failure {
  /** In the tenant's words. */
  reason: string;
  code: ErrorCode;
  /** The operation that failed; null when none did. */
  operationId: string | null;
}

/** SQL: whether the row has a failure, be it in ERROR or waiting after it. */
export const HAS_FAILURE = sql`status_reason is not null`;

/** SQL: what a rule assigns to the failure of a row. */
export function failureAssignments(rule: Rule, failure: Failure | null): Sql[] {
  switch (rule.failure) {
    case 'kept':
      return [];
    case 'cleared':
      return [sql`status_reason = null, status_code = null, failed_operation_id = null`];
    case 'replaced':
      return [
        sql`status_reason = ${failure?.reason ?? null}, status_code = ${failure?.code ?? null},
          failed_operation_id = ${failure?.operationId ?? null}::uuid`,
      ];
    case 'completed':
      return [
        sql`status_reason = coalesce(status_reason, ${failure?.reason ?? null}),
          status_code = case when ${HAS_FAILURE} then status_code else ${failure?.code ?? null} end,
          failed_operation_id = case when ${HAS_FAILURE} then failed_operation_id
            else ${failure?.operationId ?? null}::uuid end`,
      ];
  }
}
