/** Operating statuses: what heartbeats say, and what becomes of load balancers that are not heard any more. */

import type { StatusChange } from '../domain/operating-status.ts';
import { LOOKS_ALIVE, UNHEARD } from '../domain/status-transitions.ts';
import type { Tx } from '../store/core/database.ts';
import { type Sql, sql } from '../store/core/sql.ts';
import { array } from '../store/heartbeats/health.ts';
import { within } from './rows.ts';
import { measured, oneOf } from './writer.ts';

export interface TreeChanges {
  loadBalancerId: string;
  /** Of the tree the changes were reckoned from. */
  version: string;
  changes: readonly StatusChange[];
}

/** SQL: rows `c` of ids and statuses. */
const given = (ids: readonly string[], statuses: readonly string[]): Sql =>
  sql`from unnest(${array(ids)}::uuid[], ${array(statuses)}::text[]) as c(id, status)`;

/**
 * Writes what heartbeats say. Load balancers somebody works on, or changed since, are left out: their reports are to be
 * compared again.
 * @returns the new versions of those written
 */
export async function writeMeasured(tx: Tx, trees: readonly TreeChanges[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; version: string }>`
    select id, xmin::text as version from load_balancer
    where id = any(${array(trees.map((tree) => tree.loadBalancerId))}::uuid[])
    for no key update skip locked`.execute(tx);
  const locked = new Map(rows.map(({ id, version }) => [id, version]));
  const current = trees.filter(({ loadBalancerId, version }) => locked.get(loadBalancerId) === version);
  if (current.length === 0) return new Map();
  const changes = current.flatMap((tree) => tree.changes);
  await writeBelow(tx, changes);
  const overall = new Map(changes.map((change) => [change.id, change.operatingStatus]));
  // Also when only something below changed: who knows the tree by its version has to look again.
  const ids = current.map((tree) => tree.loadBalancerId);
  const statuses = ids.map((id) => overall.get(id) ?? '""');
  const status = sql`coalesce(nullif(c.status, ''), x.operating_status)`;
  const update = measured('load_balancer', status, sql`x.id = c.id`, given(ids, statuses));
  const written = await sql<{ id: string; version: string }>`
    ${update} returning x.id, x.xmin::text as version`.execute(tx);
  return new Map(written.rows.map(({ id, version }) => [id, version]));
}

/** Of what is below load balancers, which are locked. */
async function writeBelow(tx: Tx, changes: readonly StatusChange[]): Promise<void> {
  // In the order in which the API takes its locks, or the two could wait for each other.
  for (const kind of ['listener', 'pool', 'member'] as const) {
    const rows = changes.filter((change) => change.kind === kind).sort((a, b) => (a.id < b.id ? -1 : 1));
    if (rows.length === 0) continue;
    const [ids, statuses] = [rows.map(({ id }) => id), rows.map(({ operatingStatus }) => operatingStatus)];
    if (kind !== 'member') await measured(kind, sql`c.status`, sql`x.id = c.id`, given(ids, statuses)).execute(tx);
    else {
      const reasons = rows.map(({ reason }) => reason ?? null);
      const from = sql`from unnest(${array(ids)}::uuid[], ${array(statuses)}::text[], ${reasons}::text[]) as c(id, status, reason)`;
      await measured(kind, sql`c.status, health_reason = c.reason`, sql`x.id = c.id`, from).execute(tx);
    }
  }
}

/** Load balancers, which are locked, that no amphora reports of any more, and what is below them. */
export async function markUnheard(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  if (loadBalancerIds.length === 0) return;
  const own = sql`x.id = any(${loadBalancerIds}::uuid[])`;
  await measured('load_balancer', sql.lit(UNHEARD.load_balancer), own).execute(tx);
  for (const kind of ['listener', 'pool', 'member'] as const) {
    const lookedAlive = sql`${within(kind, loadBalancerIds)} and x.operating_status in ${oneOf(LOOKS_ALIVE)}`;
    await measured(kind, sql.lit(UNHEARD[kind]), lookedAlive).execute(tx);
  }
}
