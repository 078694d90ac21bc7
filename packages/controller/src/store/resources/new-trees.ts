/** New load balancers with everything below them, and the operations that build them, in one statement. */

import { type NewObjects, type QuotaUnits, sumOf, unitsOf } from '../../domain/quotas.ts';
import type { HealthMonitor, L7Policy, L7Rule, Listener, LoadBalancer, Member, Pool } from '../../domain/resources.ts';
import { type Database, isUniqueViolation, type Tx } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';
import { type QueuedOperation, submission } from '../operations/operations.ts';
import * as healthMonitors from './health-monitors.ts';
import * as l7policies from './l7-policies.ts';
import * as l7rules from './l7-rules.ts';
import * as listeners from './listeners.ts';
import * as loadBalancers from './load-balancers.ts';
import * as members from './members.ts';
import * as pools from './pools.ts';
import { countWhereEasy, type QuotaRules } from './quotas.ts';

export interface Children {
  listeners: Listener[];
  pools: Pool[];
  members: Member[];
  healthMonitors: HealthMonitor[];
  l7policies: L7Policy[];
  l7rules: L7Rule[];
}

export interface NewTree extends Children {
  loadBalancer: LoadBalancer;
  /** What carries it out; null where nothing has to. */
  operation: QueuedOperation | null;
}

/** What a tree is made of, as quotas count it. */
export const objectsOf = (loadBalancer: LoadBalancer, tree: Children): Required<NewObjects> => ({
  loadBalancer: [loadBalancer],
  listener: tree.listeners,
  pool: tree.pools,
  healthMonitor: tree.healthMonitors,
  member: tree.members,
  l7policy: tree.l7policies,
  l7rule: tree.l7rules,
});

function unitsByProject(trees: readonly NewTree[]): Map<string, QuotaUnits> {
  const projects = Map.groupBy(trees, ({ loadBalancer }) => loadBalancer.projectId);
  const units = [...projects].map(([project, own]): [string, QuotaUnits] => {
    return [project, sumOf(own.map((tree) => unitsOf(objectsOf(tree.loadBalancer, tree))))];
  });
  return new Map(units);
}

/** What is written of a tree: without a load balancer, what is new below one that is there. */
type Written = Children & Partial<Pick<NewTree, 'loadBalancer' | 'operation'>>;

/** Parts that write trees, parents first; those of the projects alone, where a query of them is given. */
function insertions(trees: readonly Written[], projects: Sql | null) {
  const parts: Sql[] = [];
  const add = <T>(name: string, rows: T[], insertion: (rows: T[]) => Sql) => {
    if (rows.length === 0) return;
    const chosen = projects === null ? sql`` : sql` where project_id in (${projects})`;
    parts.push(sql`${sql.ref(`new_${name}`)} as (${insertion(rows)}${chosen})`);
  };
  const all = <K extends keyof Children>(kind: K) => trees.flatMap((tree) => tree[kind] as Children[K][number][]);
  const balancers = trees.flatMap(({ loadBalancer }) => loadBalancer ?? []);
  add('load_balancers', balancers, loadBalancers.insertionOf);
  add('pools', all('pools') as Pool[], pools.insertionOf);
  add('health_monitors', all('healthMonitors') as HealthMonitor[], healthMonitors.insertionOf);
  add('members', all('members') as Member[], members.insertionOf);
  add('listeners', all('listeners') as Listener[], listeners.insertionOf);
  add('l7policies', all('l7policies') as L7Policy[], l7policies.insertionOf);
  add('l7rules', all('l7rules') as L7Rule[], l7rules.insertionOf);
  const operations = trees.flatMap(({ operation }) => operation ?? []);
  const ofProjects = projects === null ? sql`true` : sql`o."projectId" in (${projects})`;
  const submitted = submission(operations, ofProjects);
  return { parts: [...parts, ...submitted.parts], queued: submitted.queued };
}

/** One tree, of a project whose quota is counted and held by the transaction. */
export async function insertTree(tx: Tx, tree: NewTree): Promise<void> {
  const { parts, queued } = insertions([tree], null);
  await sql`with ${sql.join(parts)} select ${queued}`.execute(tx);
}

/** Children of one load balancer that is there and locked. */
export async function insertChildren(tx: Tx, children: Children): Promise<void> {
  const { parts } = insertions([children], null);
  if (parts.length > 0) await sql`with ${sql.join(parts)} select 1`.execute(tx);
}

/** Whether `insertTree` failed because the same tree is there already: whichever of its new ids is met first. */
export const isThere = (error: unknown): boolean =>
  isUniqueViolation(error, 'load_balancer_pkey') || isUniqueViolation(error, 'operation_pkey');

const COUNTED = sql`select project_id from counted`;

/**
 * Writes the trees of every project whose quota can be counted without waiting and has room for all of them. The statement
 * is a transaction of its own.
 * @returns the projects whose trees are written; nothing is left of the others
 */
export async function insertTrees(
  database: Database,
  trees: readonly NewTree[],
  rules: QuotaRules,
): Promise<ReadonlySet<string>> {
  const { parts, queued } = insertions(trees, COUNTED);
  const counting = countWhereEasy(unitsByProject(trees), rules, { begins: true });
  const { rows } = await sql<{ projects: string[] }>`
    with ${sql.join([counting, ...parts])} select array(${COUNTED}) as projects, ${queued} as queued`.execute(database);
  return new Set(rows[0]?.projects);
}
