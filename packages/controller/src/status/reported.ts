/** What drivers of providers report of single objects: many of them in one transaction. */

import { REPORTED, REPORTED_GONE, type TreeKind } from '../domain/status-transitions.ts';
import type { OperatingStatus, ProvisioningStatus } from '../domain/statuses.ts';
import { OctaviaError } from '../errors.ts';
import type { Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import { array } from '../store/heartbeats/health.ts';
import type { Failure } from './failures.ts';
import { settle } from './outcome.ts';
import { removeChildren } from './removal.ts';
import { LOAD_BALANCER_OF, lockTrees } from './rows.ts';
import { measured, reported } from './writer.ts';

/** In the order in which reports take effect: what is below before what is above. */
const REPORT_ORDER = [
  'member',
  'health_monitor',
  'pool',
  'l7rule',
  'l7policy',
  'listener',
  'load_balancer',
] as const satisfies readonly TreeKind[];

export interface Report {
  kind: TreeKind;
  id: string;
  /** Null: it stays. */
  provisioning: ProvisioningStatus | null;
  operating: OperatingStatus | null;
}

/** An object as it is found. */
export interface Found {
  id: string;
  loadBalancerId: string;
  provider: string;
  /** The load balancer is DELETED. */
  isDeleted: boolean;
  /** Nobody else holds the load balancer, and nobody will before this transaction ends. */
  isLocked: boolean;
}

const CHILDREN = REPORT_ORDER.filter((kind) => kind !== 'load_balancer');

/**
 * Finds objects that are visible by now, and takes their load balancers where nobody has them.
 * @param objects with ids that are UUIDs
 * @returns by id; two kinds never share one
 */
export async function takeReported(
  tx: Tx,
  objects: readonly Pick<Report, 'kind' | 'id'>[],
): Promise<Map<string, Found>> {
  const ids = (kind: TreeKind) => sql`${array(objects.filter((one) => one.kind === kind).map(({ id }) => id))}::uuid[]`;
  // Always all kinds, so that it is one statement, planned once.
  const found = [
    ...CHILDREN.map(
      (kind) =>
        sql`select x.id, ${LOAD_BALANCER_OF[kind]} as owner from ${sql.table(kind)} x where x.id = any(${ids(kind)})`,
    ),
    sql`select x.id, x.id as owner from load_balancer x where x.id = any(${ids('load_balancer')})`,
  ];
  const { rows } = await sql<Found>`
    with found as materialized (${sql.join(found, sql` union all `)}),
    locked as materialized (
      select lb.id from load_balancer lb where lb.id = any(array(select distinct owner from found))
      order by lb.id for no key update skip locked)
    select f.id, lb.id as "loadBalancerId", lb.provider, lb.provisioning_status = 'DELETED' as "isDeleted",
      exists (select 1 from locked where locked.id = lb.id) as "isLocked"
    from found f join load_balancer lb on lb.id = f.owner`.execute(tx);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A report of an object that was found and taken. */
export interface TakenReport extends Report {
  loadBalancerId: string;
  provider: string;
}

function failureOf(provider: string): Failure {
  const { message, code } = new OctaviaError('PROVIDER_REPORTED_ERROR', { provider });
  return { reason: message, code, operationId: null };
}

const given = (reports: readonly Report[]): Sql => sql`unnest(
  ${array(reports.map(({ id }) => id))}::uuid[], ${array(reports.map(({ operating }) => operating ?? 'null'))}::text[])
  as c(id, operating)`;

/**
 * Writes what is reported. No two reports are about one object, and none says that a load balancer is DELETED.
 * @throws where a row cannot go because another refers to it (`isForeignKeyViolation`)
 */
export async function writeReported(tx: Tx, reports: readonly TakenReport[]): Promise<void> {
  const removed = reports.filter(({ kind, provisioning }) => kind !== 'load_balancer' && provisioning === 'DELETED');
  for (const kind of CHILDREN) {
    const gone = removed.filter((report) => report.kind === kind);
    if (gone.length === 0) continue;
    const owners = [...new Set(gone.map(({ loadBalancerId }) => loadBalancerId))];
    await removeChildren(
      tx,
      kind,
      gone.map(({ id }) => id),
      owners,
    );
  }
  const groups = new Map<string, TakenReport[]>();
  for (const report of reports) {
    const { kind, provisioning, provider } = report;
    if (provisioning === 'DELETED') continue;
    const key = `${kind} ${provisioning} ${provisioning === 'ERROR' ? provider : ''}`;
    const group = groups.get(key);
    if (group) group.push(report);
    else groups.set(key, [report]);
  }
  const parts = [...groups.values()].map((group, index) => {
    const { kind, provisioning, provider } = group[0] as TakenReport;
    const rule = provisioning === null ? null : REPORTED[provisioning];
    const failure = provisioning === 'ERROR' ? failureOf(provider) : null;
    return sql`${sql.ref(`reported_${index}`)} as (${reported(kind, rule, given(group), failure)})`;
  });
  // Who knows a tree by the version of its load balancer has to look again.
  const own = new Set(reports.filter(({ kind }) => kind === 'load_balancer').map(({ id }) => id));
  const others = [...new Set(reports.map(({ loadBalancerId }) => loadBalancerId))].filter((id) => !own.has(id));
  const touched = measured('load_balancer', sql`x.operating_status`, sql`x.id = any(${array(others)}::uuid[])`);
  await sql`with ${sql.join([...parts, sql`touched as (${touched})`])} select 1`.execute(tx);
}

/** A load balancer is DELETED, and everything below it gone. One that is already stays as it is. */
export async function removeReported(tx: Tx, loadBalancerId: string): Promise<void> {
  await lockTrees(tx, [loadBalancerId]);
  await settle(tx, [loadBalancerId], REPORTED_GONE);
}
