/**
 * The only place that assigns `provisioning_status` and `operating_status` of rows that exist. What is assigned comes from
 * the transition table (`domain/status-transitions.ts`) and from heartbeats (`domain/operating-status.ts`).
 */

import { type Rule, type TreeKind, UNMEASURED } from '../domain/status-transitions.ts';
import type { OperatingStatus, ProvisioningStatus } from '../domain/statuses.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import { type Failure, failureAssignments, HAS_FAILURE } from './failures.ts';

export interface Particulars {
  /** The failure that the rule leaves behind. */
  failure?: Failure | null;
  /** SQL: what the row waits for, where the rule says `WISH`. */
  wish?: Sql;
  /**
   * The row comes to rest. Clients read from `updated_at` when an object did: whatever waited has a time there from then on.
   */
  settles?: boolean;
  /** The operating status, where the event decides it. */
  operating?: OperatingStatus;
}

/** SQL: the statuses, for `in`. */
export const oneOf = (statuses: readonly (ProvisioningStatus | OperatingStatus)[]): Sql =>
  sql.raw(`(${statuses.map((status) => `'${status}'`).join(', ')})`);

const provisioning = ({ to }: Rule, wish: Sql | undefined): Sql => {
  switch (to) {
    case 'FORMER':
      return sql`case when ${HAS_FAILURE} then 'ERROR' else 'ACTIVE' end`;
    case 'WISH':
      if (wish === undefined) throw new Error('What is waited for is missing');
      return wish;
    default:
      return sql.lit(to);
  }
};

/** SQL: the rows `x` that the rule is about. */
export const isAffected = ({ from, onlyFailed }: Rule): Sql =>
  sql`x.provisioning_status in ${oneOf(from)}${onlyFailed ? sql` and ${HAS_FAILURE}` : sql``}`;

/** SQL: what the rule assigns to a row. */
export function assignments(kind: TreeKind, rule: Rule, particulars: Particulars = {}): Sql {
  const { failure = null, wish, settles = false, operating } = particulars;
  const assigned = [sql`provisioning_status = ${provisioning(rule, wish)}`, ...failureAssignments(rule, failure)];
  if (settles) assigned.push(sql`updated_at = now()`);
  if (operating !== undefined) assigned.push(sql`operating_status = ${sql.lit(operating)}`);
  else if (rule.tookEffect && UNMEASURED.includes(kind)) {
    assigned.push(sql`operating_status = case when admin_state_up then 'ONLINE' else 'OFFLINE' end`);
  }
  return sql.join(assigned);
}

/** SQL: the rule takes effect on rows `x` of a kind. */
export const transition = (kind: TreeKind, rule: Rule, rows: Sql, particulars: Particulars = {}): Sql => sql`
  update ${sql.table(kind)} as x set ${assignments(kind, rule, particulars)} where ${rows} and ${isAffected(rule)}`;

/** SQL: the operating status of rows `x` of a kind. */
export const measured = (kind: TreeKind, status: Sql, rows: Sql, from: Sql = sql``): Sql =>
  sql`update ${sql.table(kind)} as x set operating_status = ${status} ${from} where ${rows}`;

/**
 * SQL: rows of a kind become what is reported of each of them.
 * @param rule of the provisioning status; null: it stays
 * @param from rows `c` of `id` and `operating`, which is null where it stays
 */
export function reported(kind: TreeKind, rule: Rule | null, from: Sql, failure: Failure | null): Sql {
  const assigned = [sql`operating_status = coalesce(c.operating, x.operating_status)`];
  const rests = rule !== null && (rule.to === 'ACTIVE' || rule.to === 'ERROR');
  if (rule !== null) assigned.push(assignments(kind, rule, { failure, settles: rests }));
  const affected = rule === null ? sql`x.provisioning_status <> 'DELETED'` : isAffected(rule);
  return sql`update ${sql.table(kind)} as x set ${sql.join(assigned)} from ${from} where x.id = c.id and ${affected}`;
}
