/**
 * Quotas: limits and in-use counters, one row per project. The row is the lock that serialises the creates of a project
 * (QU-LOCK). Whoever takes it holds the lock of the load balancer already, and touches ports only afterwards: load
 * balancer, quota, ports is the order everywhere, so nobody can wait in a circle.
 */
import { type RawBuilder, sql } from 'kysely';
import { type Limits, QUOTA_KINDS, type QuotaKind, type QuotaUnits } from '../../domain/quotas.ts';
import { OctaviaError } from '../../errors.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { Table } from '../core/table.ts';

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

const KINDS = Object.keys(QUOTA_KINDS) as QuotaKind[];

const kindsOf = (units: QuotaUnits): QuotaKind[] => KINDS.filter((kind) => (units[kind] ?? 0) > 0);

const column = (kind: QuotaKind, part: 'limit' | 'in_use') => sql.ref(`${QUOTA_KINDS[kind].column}_${part}`);

/** What the project has of a kind, counted from the objects. `project` is an SQL expression. */
const COUNTS: Record<QuotaKind, (project: RawBuilder<unknown>) => RawBuilder<unknown>> = {
  loadBalancer: (project) =>
    sql`(select count(*) from load_balancer b where b.project_id = ${project} and b.provisioning_status <> 'DELETED')`,
  listener: (project) => sql`(select count(*) from listener l where l.project_id = ${project})`,
  pool: (project) => sql`(select count(*) from pool p where p.project_id = ${project})`,
  // Through the parent: it is the parent's table that has an index on the project.
  healthMonitor: (project) =>
    sql`(select count(*) from pool p join health_monitor h on h.pool_id = p.id where p.project_id = ${project})`,
  member: (project) =>
    sql`(select count(*) from pool p join member m on m.pool_id = p.id where p.project_id = ${project})`,
  l7policy: (project) =>
    sql`(select count(*) from listener l join l7policy y on y.listener_id = l.id where l.project_id = ${project})`,
  l7rule: (project) =>
    sql`(select count(*) from listener l join l7policy y on y.listener_id = l.id join l7rule r on r.l7policy_id = y.id
      where l.project_id = ${project})`,
};

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
    const used = sql`coalesce(nullif(q.${inUse}, 0), ${COUNTS[kind](sql`asked.id`)}::integer)`;
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
    condition?: RawBuilder<unknown>;
    /** Whether projects that have no row yet are counted, too: then the statement may wait for another that begins one. */
    begins?: boolean;
  } = {},
): RawBuilder<unknown> {
  const rows = [...wishes].map(([project_id, units]) => ({ project_id, ...units }));
  const wished = (kind: QuotaKind) => sql`coalesce(w.${sql.ref(kind)}, 0)`;
  const used = (kind: QuotaKind) => sql`q.${column(kind, 'in_use')}`;
  const columns = sql.join(KINDS.map((kind) => sql`${sql.ref(kind)} integer`));
  const sums = sql.join(KINDS.map((kind) => sql`${column(kind, 'in_use')} = ${used(kind)} + ${wished(kind)}`));
  const fits = (kind: QuotaKind, limit: RawBuilder<unknown>, counter: RawBuilder<unknown>) =>
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
  const counts = sql.join(kinds.map((kind) => sql`${COUNTS[kind](sql`w.project_id`)}::integer as ${sql.ref(kind)}`));
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
    kinds.map((kind) => sql`${column(kind, 'in_use')} = ${COUNTS[kind](sql`q.project_id`)} + ${units[kind]}::integer`),
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
  // In the order in which settlements lock several projects.
  await sql`select 1 from quota where ${chosen} order by project_id for update`.execute(tx);
  const assignments = sql.join(
    KINDS.map((kind) => sql`${column(kind, 'in_use')} = ${COUNTS[kind](sql`q.project_id`)}`),
  );
  const result = await sql`update quota q set ${assignments} where ${chosen}`.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}

/** Projects whose counters differ from what exists, in one snapshot. A counter that is unset is not wrong. */
export async function miscounted(executor: Executor): Promise<string[]> {
  const differences = KINDS.map((kind) => sql`${column(kind, 'in_use')} <> ${COUNTS[kind](sql`q.project_id`)}`);
  const { rows } = await sql<{ projectId: string }>`
    select q.project_id as "projectId" from quota q where ${sql.join(differences, sql` or `)} order by 1`.execute(
    executor,
  );
  return rows.map((row) => row.projectId);
}

/** `id` is the project. Null limits are not set: the defaults hold. */
export type ProjectQuota = { id: string } & Limits;

const table = new Table<ProjectQuota>({
  name: 'quota',
  columns: {
    id: 'project_id',
    ...Object.fromEntries(KINDS.map((kind) => [kind, `${QUOTA_KINDS[kind].column}_limit`])),
  },
  computed: Object.fromEntries(
    KINDS.map((kind) => [
      `inUse${kind[0]?.toUpperCase()}${kind.slice(1)}`,
      `coalesce(t.${QUOTA_KINDS[kind].column}_in_use, 0)`,
    ]),
  ),
});

export const get = (executor: Executor, projectId: string) => table.get(executor, projectId);
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

/** Sets the named limits (null = back to the default) and makes the record when there is none. */
export async function setLimits(tx: Tx, projectId: string, limits: Partial<Limits>): Promise<void> {
  await sql`insert into quota (project_id) values (${projectId}) on conflict do nothing`.execute(tx);
  await table.update(tx, projectId, limits);
}

/** Back to the defaults; what is in use stays counted. @returns whether there was a record */
export async function resetLimits(tx: Executor, projectId: string): Promise<boolean> {
  if (!(await table.get(tx, projectId))) return false;
  const assignments = KINDS.map((kind) => sql`${column(kind, 'limit')} = null`);
  const result = await sql`
    update quota set ${sql.join(assignments)}, updated_at = now() where project_id = ${projectId}`.execute(tx);
  return (result.numAffectedRows ?? 0n) > 0n;
}
