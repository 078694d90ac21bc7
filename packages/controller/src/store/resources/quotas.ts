/**
 * The books of quotas: what projects have in use, one row each. What a change costs is said in `domain/quotas.ts`. The row is the lock that serialises the creates of a project
 * (QU-LOCK). Whoever takes it holds the lock of the load balancer already, and touches ports only afterwards: load
 * balancer, quota, ports is the order everywhere, so nobody can wait in a circle.
 */

import { KINDS, lineage, QUOTA_KINDS, type QuotaKind, type QuotaUnits } from '../../domain/quotas.ts';
import { OctaviaError } from '../../errors.ts';
import type { Executor, Tx } from '../core/database.ts';
import { type Sql, sql } from '../core/sql.ts';

export interface QuotaRules {
  /** False: counted all the same, never refused (`auth_strategy = noauth`). */
  enforced: boolean;
  /** For projects without limits of their own; -1 = unlimited. */
  defaults: Record<QuotaKind, number>;
}

/** Longer than any honest transaction, shorter than the patience of a client. */
const LOCK_TIMEOUT = '5s';
/** Of a statement that creates for many: they shall not wait long for one of them. */
const SHARED_LOCK_TIMEOUT = '250ms';

/** PostgreSQL: lock not available in time, deadlock. */
const BUSY = new Set(['55P03', '40P01']);

const kindsOf = (units: QuotaUnits): QuotaKind[] => KINDS.filter((kind) => (units[kind] ?? 0) > 0);

const column = (kind: QuotaKind, part: 'limit' | 'in_use') => sql.ref(`${QUOTA_KINDS[kind].column}_${part}`);

const cell = (kind: QuotaKind, name: string) => sql.ref(`${QUOTA_KINDS[kind].column}.${name}`);

/** `pool join member on member.pool_id = pool.id`: the kind with everything that it stands below. */
function joined(kind: QuotaKind): Sql {
  const tables = lineage(kind).map((one, index, line) => {
    const table = sql.table(QUOTA_KINDS[one].column);
    const parent = line[index - 1];
    if (parent === undefined) return table;
    return sql`join ${table} on ${cell(one, `${QUOTA_KINDS[parent].column}_id`)} = ${cell(parent, 'id')}`;
  });
  return sql.join(tables, sql` `);
}

const EXISTS = sql`load_balancer.provisioning_status <> 'DELETED'`;

/**
 * What the project has of a kind, counted from the objects. Through the uppermost parent: it is that table that has an
 * index on the project. `project` is an SQL expression.
 */
function counted(kind: QuotaKind, project: Sql): Sql {
  const [root = kind] = lineage(kind);
  const existing = kind === 'loadBalancer' ? sql` and ${EXISTS}` : sql``;
  return sql`(select count(*) from ${joined(kind)} where ${cell(root, 'project_id')} = ${project}${existing})`;
}

type QuotaRow = Record<`${string}_in_use`, number> & Record<`${string}_limit`, number | null>;

/**
 * Counts new objects inside the transaction that creates them, before it inserts them, and keeps the project locked until
 * it ends. `leaving`: what the same change removes later; a replacement needs room only for the difference.
 * @throws OctaviaError QUOTA_EXCEEDED (403), PROJECT_BUSY (503)
 */
export async function reserve(
  tx: Tx,
  projectId: string,
  units: QuotaUnits,
  { enforced, defaults }: QuotaRules,
  leaving: QuotaUnits = {},
): Promise<void> {
  const kinds = kindsOf(units);
  if (kinds.length === 0) return;
  const row = await count(tx, projectId, units, kinds);
  const used = (kind: QuotaKind) => row[`${QUOTA_KINDS[kind].column}_in_use`] ?? 0;
  const unknown = kinds.filter((kind) => used(kind) === units[kind]);
  if (unknown.length > 0) Object.assign(row, await initialise(tx, projectId, units, unknown));
  if (enforced) judge(row, kinds, units, defaults, leaving);
}

/**
 * What `reserve` would say of a change that is refused anyway: it counts nothing and waits for nobody.
 * @throws OctaviaError QUOTA_EXCEEDED (403)
 */
export async function requireRoom(
  executor: Executor,
  projectId: string,
  units: QuotaUnits,
  { enforced, defaults }: QuotaRules,
  leaving: QuotaUnits = {},
): Promise<void> {
  const kinds = kindsOf(units);
  if (kinds.length === 0 || !enforced) return;
  const cells = kinds.flatMap((kind) => {
    const [inUse, limit] = [column(kind, 'in_use'), column(kind, 'limit')];
    const used = sql`coalesce(nullif(q.${inUse}, 0), ${counted(kind, sql`asked.id`)}::integer)`;
    return [sql`${used} + ${units[kind]}::integer as ${inUse}`, sql`q.${limit}`];
  });
  const { rows } = await sql<QuotaRow>`
    select ${sql.join(cells)}
    from (select ${projectId}::text as id) asked left join quota q on q.project_id = asked.id`.execute(executor);
  judge(rows[0]!, kinds, units, defaults, leaving);
}

/** @param row limits, and what is in use with the units counted */
function judge(
  row: QuotaRow,
  kinds: readonly QuotaKind[],
  units: QuotaUnits,
  defaults: QuotaRules['defaults'],
  leaving: QuotaUnits,
): void {
  for (const kind of kinds) {
    const limit = row[`${QUOTA_KINDS[kind].column}_limit`] ?? defaults[kind];
    const used = row[`${QUOTA_KINDS[kind].column}_in_use`] ?? 0;
    const grows = (units[kind] ?? 0) > (leaving[kind] ?? 0);
    if (grows && limit >= 0 && used - (leaving[kind] ?? 0) > limit) {
      throw new OctaviaError('QUOTA_EXCEEDED', { resources: QUOTA_KINDS[kind].title });
    }
  }
}

/**
 * Part of a statement that creates for several projects at once: counts for those that nobody holds at the moment, that
 * have a settled counter of each kind already, and room for everything; names them as `counted (project_id)`. The others
 * are left to `reserve`, which waits, counts anew, and says what is wrong.
 */
export function countWhereEasy(
  wishes: ReadonlyMap<string, QuotaUnits>,
  { enforced, defaults }: QuotaRules,
  {
    condition = sql`true`,
    begins = false,
  }: {
    /** Without which nobody is counted. */
    condition?: Sql;
    /** Whether projects that have no row yet are counted, too: then the statement may wait for another that begins one. */
    begins?: boolean;
  } = {},
): Sql {
  const rows = [...wishes].map(([project_id, units]) => ({ project_id, ...units }));
  const wished = (kind: QuotaKind) => sql`coalesce(w.${sql.ref(kind)}, 0)`;
  const used = (kind: QuotaKind) => sql`q.${column(kind, 'in_use')}`;
  const columns = sql.join(KINDS.map((kind) => sql`${sql.ref(kind)} integer`));
  const sums = sql.join(KINDS.map((kind) => sql`${column(kind, 'in_use')} = ${used(kind)} + ${wished(kind)}`));
  const fits = (kind: QuotaKind, limit: Sql, counter: Sql) =>
    enforced ? sql` and (${limit} < 0 or ${counter} + ${wished(kind)} <= ${limit})` : sql``;
  const easy = KINDS.map((kind) => {
    const limit = sql`coalesce(q.${column(kind, 'limit')}, ${sql.lit(defaults[kind])})`;
    return sql`(${wished(kind)} = 0 or (${used(kind)} > 0${fits(kind, limit, used(kind))}))`;
  });
  const parts = [
    sql`wished as materialized (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as w (project_id text, ${columns}))`,
    sql`held as materialized (select project_id from quota
      where project_id in (select project_id from wished) and ${condition} for update skip locked)`,
    sql`added as (update quota q set ${sums} from wished w, held h
      where q.project_id = w.project_id and h.project_id = w.project_id and ${sql.join(easy, sql` and `)}
      returning q.project_id)`,
  ];
  if (!begins) return sql`${sql.join(parts)}, counted as (select project_id from added)`;
  // Who begins the row of a project counts what the project has. In the order of projects, so that two that begin the same
  // ones do not wait for each other.
  const kinds = KINDS.filter((kind) => rows.some((units) => (units[kind] ?? 0) > 0));
  const has = (kind: QuotaKind) => sql`has.${sql.ref(kind)}`;
  const counts = sql.join(kinds.map((kind) => sql`${counted(kind, sql`w.project_id`)}::integer as ${sql.ref(kind)}`));
  const firsts = kinds.map((kind) => sql`case when ${wished(kind)} > 0 then ${has(kind)} + ${wished(kind)} end`);
  const room = kinds.map(
    (kind) => sql`(${wished(kind)} = 0 or (true${fits(kind, sql`${sql.lit(defaults[kind])}`, has(kind))}))`,
  );
  return sql`${sql.join(parts)},
    begun as (insert into quota (project_id, ${sql.join(kinds.map((kind) => column(kind, 'in_use')))})
      select w.project_id, ${sql.join(firsts)}
      from (select set_config('lock_timeout', ${SHARED_LOCK_TIMEOUT}, true)) as patience, wished w, lateral (select ${counts}) as has
      where ${condition} and not exists (select 1 from quota q where q.project_id = w.project_id)
        and ${sql.join(room, sql` and `)}
      order by w.project_id on conflict do nothing returning project_id),
    counted as (select project_id from added union all select project_id from begun)`;
}

/** One statement locks, counts and tells; a refusal rolls it back. The time limit holds for this one lock only. */
async function count(tx: Tx, projectId: string, units: QuotaUnits, kinds: QuotaKind[]): Promise<QuotaRow> {
  const columns = sql.join(kinds.map((kind) => column(kind, 'in_use')));
  const values = sql.join(kinds.map((kind) => sql`${units[kind]}::integer`));
  const sums = sql.join(
    kinds.map((kind) => {
      const name = column(kind, 'in_use');
      return sql`${name} = coalesce(q.${name}, 0) + excluded.${name}`;
    }),
  );
  const told = sql.join(kinds.flatMap((kind) => [column(kind, 'in_use'), column(kind, 'limit')]));
  try {
    const { rows } = await sql<QuotaRow>`
      insert into quota as q (project_id, ${columns})
      select ${projectId}, ${values} from (select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)) as patience
      on conflict (project_id) do update set ${sums}
      returning ${told}, set_config('lock_timeout', '0', true)`.execute(tx);
    return rows[0]!;
  } catch (error) {
    if (BUSY.has((error as { code?: string }).code ?? '')) {
      throw new OctaviaError('PROJECT_BUSY', {}, { cause: error });
    }
    throw error;
  }
}

/** A counter that was unset or 0 is counted anew (QU-INIT); under the lock, so nothing changes meanwhile. */
async function initialise(tx: Tx, projectId: string, units: QuotaUnits, kinds: QuotaKind[]): Promise<QuotaRow> {
  const assignments = sql.join(
    kinds.map((kind) => sql`${column(kind, 'in_use')} = ${counted(kind, sql`q.project_id`)} + ${units[kind]}::integer`),
  );
  const { rows } = await sql<QuotaRow>`
    update quota q set ${assignments} where q.project_id = ${projectId}
    returning ${sql.join(kinds.map((kind) => column(kind, 'in_use')))}`.execute(tx);
  return rows[0]!;
}

/** Sets the counters of one project, or of all, to what exists. @returns number of projects */
export async function recount(tx: Tx, projectId?: string): Promise<number> {
  const chosen = projectId === undefined ? sql`true` : sql`project_id = ${projectId}`;
  await sql`
    insert into quota (project_id) select distinct project_id from load_balancer
    where provisioning_status <> 'DELETED' and ${chosen} on conflict do nothing`.execute(tx);
  // In the order in which ended operations lock several projects.
  await sql`select 1 from quota where ${chosen} order by project_id for update`.execute(tx);
  const assignments = sql.join(
    KINDS.map((kind) => sql`${column(kind, 'in_use')} = ${counted(kind, sql`q.project_id`)}`),
  );
  const result = await sql`update quota q set ${assignments} where ${chosen}`.execute(tx);
  return result.count;
}

/** Projects whose counters differ from what exists, in one snapshot. A counter that is unset is not wrong. */
export async function miscounted(executor: Executor): Promise<string[]> {
  const differences = KINDS.map((kind) => sql`${column(kind, 'in_use')} <> ${counted(kind, sql`q.project_id`)}`);
  const { rows } = await sql<{ projectId: string }>`
    select q.project_id as "projectId" from quota q where ${sql.join(differences, sql` or `)} order by 1`.execute(
    executor,
  );
  return rows.map((row) => row.projectId);
}

/**
 * Gives back what is about to go. Called under the lock of the load balancers and right before the rows are deleted, while
 * what goes can still be counted.
 * @param condition of the tables of the lineage, beside that they belong to the load balancers
 */
async function release(tx: Tx, kinds: readonly QuotaKind[], condition: (kind: QuotaKind) => Sql): Promise<void> {
  const parts = kinds.map(
    (kind) => sql`select ${cell(kind, 'project_id')} as project_id, ${sql.lit(kind)} as kind
      from ${joined(kind)} where ${condition(kind)}`,
  );
  const assignments = kinds.map((kind) => {
    const name = column(kind, 'in_use');
    const count = sql`(select n from counted c where c.project_id = q.project_id and c.kind = ${sql.lit(kind)})`;
    return sql`${name} = greatest(0, ${name} - coalesce(${count}, 0))`;
  });
  // Locked in order of project: the ends of operations of several load balancers may meet.
  await sql`
    with counted as materialized (
      select project_id, kind, count(*)::integer as n from (${sql.join(parts, sql` union all `)}) as all_gone
      group by project_id, kind),
    locked as materialized (
      select project_id from quota where project_id in (select project_id from counted) order by project_id for update)
    update quota q set ${sql.join(assignments)} from locked where q.project_id = locked.project_id`.execute(tx);
}

const CHILDREN = KINDS.filter((kind) => kind !== 'loadBalancer');

const within = (kind: QuotaKind, ids: readonly string[]): Sql =>
  sql`${cell(lineage(kind)[0] ?? kind, 'load_balancer_id')} = any(${ids}::uuid[])`;

/** Children of these load balancers that are PENDING_DELETE, with what hangs on them. */
export async function releasePendingDelete(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  const inPools = sql`any(array(select id from pool where ${within('pool', loadBalancerIds)}))`;
  await release(tx, CHILDREN, (kind) => {
    const line = lineage(kind);
    const goes = line.map((one) => sql`${cell(one, 'provisioning_status')} = 'PENDING_DELETE'`);
    // An array of pools, for the planner does not know how few they are: it would read all members there are.
    const indexed = line.length > 1 && line[0] === 'pool' ? sql` and ${cell(kind, 'pool_id')} = ${inPools}` : sql``;
    return sql`${within(kind, loadBalancerIds)}${indexed} and (${sql.join(goes, sql` or `)})`;
  });
}

/** Objects of one kind, by the name of its table, with what hangs on them. */
export async function releaseObjects(tx: Tx, table: string, ids: readonly string[]): Promise<void> {
  const root = KINDS.find((kind) => QUOTA_KINDS[kind].column === table);
  if (root === undefined) throw new Error(`Quotas do not count ${table}`);
  const goes = KINDS.filter((kind) => lineage(kind).includes(root));
  await release(tx, goes, () => sql`${cell(root, 'id')} = any(${ids}::uuid[])`);
}

/** Whole load balancers. */
export async function releaseTrees(tx: Tx, loadBalancerIds: readonly string[]): Promise<void> {
  const existing = sql`${cell('loadBalancer', 'id')} = any(${loadBalancerIds}::uuid[]) and ${EXISTS}`;
  await release(tx, KINDS, (kind) => (kind === 'loadBalancer' ? existing : within(kind, loadBalancerIds)));
}
