/** New load balancers with everything below them: many trees, of many projects, in one statement that is its own transaction. */
import { type RawBuilder, sql } from 'kysely';
import type { QuotaKind, QuotaUnits } from '../domain/quotas.ts';
import type { HealthMonitor, L7Policy, L7Rule, Listener, LoadBalancer, Member, Pool } from '../domain/resources.ts';
import type { Database } from './database.ts';
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
}

/** What a tree takes of its project's quota. */
function unitsOf(tree: NewTree): Record<QuotaKind, number> {
  return {
    loadBalancer: 1,
    listener: tree.listeners.length,
    pool: tree.pools.length,
    healthMonitor: tree.healthMonitors.length,
    member: tree.members.length,
    l7policy: tree.l7policies.length,
    l7rule: tree.l7rules.length,
  };
}

function unitsByProject(trees: readonly NewTree[]): Map<string, QuotaUnits> {
  const projects = new Map<string, Record<QuotaKind, number>>();
  for (const tree of trees) {
    const { projectId } = tree.loadBalancer;
    const units = unitsOf(tree);
    const sum = projects.get(projectId);
    if (!sum) projects.set(projectId, units);
    else for (const kind of Object.keys(units) as QuotaKind[]) sum[kind] += units[kind];
  }
  return projects;
}

const COUNTED = sql`select project_id from counted`;

/**
 * Writes the trees of every project whose quota can be counted without waiting and has room for all of them.
 * @returns the projects whose trees are written; nothing is left of the others
 */
export async function insertTrees(
  database: Database,
  trees: readonly NewTree[],
  rules: QuotaRules,
): Promise<ReadonlySet<string>> {
  const parts: RawBuilder<unknown>[] = [countWhereEasy(unitsByProject(trees), rules)];
  const add = <T>(
    name: string,
    rows: T[],
    insertion: (rows: T[], projects: RawBuilder<unknown>) => RawBuilder<unknown>,
  ) => {
    if (rows.length > 0) parts.push(sql`${sql.ref(`new_${name}`)} as (${insertion(rows, COUNTED)})`);
  };
  const all = <K extends keyof Children>(kind: K) => trees.flatMap((tree) => tree[kind] as Children[K][number][]);
  add(
    'load_balancers',
    trees.map(({ loadBalancer }) => loadBalancer),
    loadBalancers.insertion,
  );
  add('pools', all('pools') as Pool[], pools.insertion);
  add('health_monitors', all('healthMonitors') as HealthMonitor[], healthMonitors.insertion);
  add('members', all('members') as Member[], members.insertion);
  add('listeners', all('listeners') as Listener[], listeners.insertion);
  add('l7policies', all('l7policies') as L7Policy[], l7policies.insertion);
  add('l7rules', all('l7rules') as L7Rule[], l7rules.insertion);
  const { rows } = await sql<{ project_id: string }>`with ${sql.join(parts)} ${COUNTED}`.execute(database);
  return new Set(rows.map(({ project_id }) => project_id));
}
