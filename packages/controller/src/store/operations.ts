import { sql } from 'kysely';
import type { Operation, OperationState, OperationStep } from '../domain/operations.ts';
import type { Executor, Tx } from './database.ts';

const COLUMNS = sql`
  o.id, o.load_balancer_id as "loadBalancerId", o.project_id as "projectId", o.kind, o.resource_type as "resourceType",
  o.resource_id as "resourceId", o.input, o.flow_version as "flowVersion", o.state, o.current_step as "currentStep",
  o.attempts, o.reason, o.cause, o.abandon_reason as "abandonReason", o.retry_of as "retryOf",
  o.retry_number as "retryNumber", o.worker_id as "workerId", o.created_at as "createdAt", o.started_at as "startedAt",
  o.ended_at as "endedAt"`;

export type NewOperation = Pick<
  Operation,
  'id' | 'loadBalancerId' | 'projectId' | 'kind' | 'resourceType' | 'resourceId' | 'input' | 'flowVersion'
> &
  Partial<Pick<Operation, 'retryOf' | 'retryNumber'>>;

export async function insert(tx: Tx, operation: NewOperation): Promise<void> {
  await sql`
    insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, retry_of,
      retry_number, state)
    values (${operation.id}, ${operation.loadBalancerId}, ${operation.projectId}, ${operation.kind},
      ${operation.resourceType}, ${operation.resourceId}, ${JSON.stringify(operation.input)}, ${operation.flowVersion},
      ${operation.retryOf ?? null}, ${operation.retryNumber ?? 0}, 'queued')
  `.execute(tx);
}

/**
 * Marks the operation as taken by a worker and returns it; null when it has ended already. The number of attempts it
 * returns is the worker's title to the operation: whoever begins it later makes all statements of this one void.
 */
export async function begin(executor: Executor, id: string, workerId: string): Promise<Operation | null> {
  const { rows } = await sql<Operation>`
    update operation o set state = case when o.state = 'queued' then 'running' else o.state end,
      attempts = o.attempts + 1, worker_id = ${workerId}, started_at = coalesce(o.started_at, now())
    where o.id = ${id} and o.ended_at is null returning ${COLUMNS}`.execute(executor);
  return rows[0] ?? null;
}

/** An operation as one attempt at it may write it. */
export type Title = Pick<Operation, 'id' | 'attempts'>;

const titled = ({ id, attempts }: Title) => sql`id = ${id} and attempts = ${attempts} and ended_at is null`;

/** @returns false when the title is void: ended, or begun again by another worker */
export async function end(
  executor: Executor,
  title: Title,
  state: OperationState,
  failure: { reason: string; cause: string | null } | null,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update operation set state = ${state}, reason = ${failure?.reason ?? null}, cause = ${failure?.cause ?? null},
      current_step = null, ended_at = now()
    where ${titled(title)}`.execute(executor);
  return numAffectedRows > 0n;
}

export type StepEnd = Pick<OperationStep, 'number' | 'phase' | 'state' | 'detail' | 'cause'>;
export type StepBegin = Pick<OperationStep, 'number' | 'phase' | 'name'>;

/**
 * One statement per step: ends one, begins the next, and asks whether to go on. A step onward is not begun when the
 * operation is to be abandoned.
 * @returns null when the title is void
 */
export async function advance(
  executor: Executor,
  title: Title,
  ended: StepEnd | null,
  next: StepBegin | null,
): Promise<{ abandonReason: string | null } | null> {
  const { id } = title;
  const changes = next
    ? sql`current_step = ${next.name}, state = ${next.phase === 'do' ? 'running' : 'undoing'}`
    : sql`current_step = current_step`;
  const ending = ended
    ? sql`, ended as (
      update operation_step s set state = ${ended.state}, detail = ${ended.detail}, cause = ${ended.cause}, ended_at = now()
      from mine where s.operation_id = ${id} and s.number = ${ended.number} and s.phase = ${ended.phase})`
    : sql``;
  const beginning = next
    ? sql`, begun as (
      insert into operation_step (operation_id, number, phase, name, state, started_at)
      select ${id}::uuid, ${next.number}::int, ${next.phase}::text, ${next.name}::text, 'running', now()
      from mine where abandon_reason is null or ${next.phase}::text = 'undo'
      on conflict (operation_id, number, phase)
      do update set state = 'running', attempts = operation_step.attempts + 1, ended_at = null, detail = null, cause = null)`
    : sql``;
  const { rows } = await sql<{ abandonReason: string | null }>`
    with mine as (update operation set ${changes} where ${titled(title)} returning abandon_reason)${ending}${beginning}
    select abandon_reason as "abandonReason" from mine`.execute(executor);
  return rows[0] ?? null;
}

/** Asks whoever runs the operation, now or next, to undo it. @returns false when it has ended */
export async function abandon(executor: Executor, id: string, reason: string): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update operation set abandon_reason = coalesce(abandon_reason, ${reason})
    where id = ${id} and ended_at is null`.execute(executor);
  return numAffectedRows > 0n;
}

/** Timelines of several operations in one statement, in the order things began. */
export async function stepsOf(executor: Executor, ids: string[]): Promise<Map<string, OperationStep[]>> {
  const { rows } = await sql<OperationStep & { operationId: string }>`
    select operation_id as "operationId", number, phase, name, state, attempts, detail, cause,
      started_at as "startedAt", ended_at as "endedAt"
    from operation_step where operation_id = any(${ids}::uuid[]) order by started_at, number`.execute(executor);
  return Map.groupBy(rows, (row) => row.operationId);
}

/** Newest first. */
export async function byLoadBalancer(executor: Executor, loadBalancerId: string, limit = 100): Promise<Operation[]> {
  const { rows } = await sql<Operation>`
    select ${COLUMNS} from operation o where o.load_balancer_id = ${loadBalancerId}
    order by o.created_at desc limit ${limit}`.execute(executor);
  return rows;
}

export async function get(executor: Executor, id: string): Promise<Operation | null> {
  const { rows } = await sql<Operation>`select ${COLUMNS} from operation o where o.id = ${id}`.execute(executor);
  return rows[0] ?? null;
}

/** Operations that have not ended although they were accepted some time ago. */
export async function unfinished(executor: Executor, olderThanSeconds: number): Promise<Operation[]> {
  const { rows } = await sql<Operation>`
    select ${COLUMNS} from operation o
    where o.ended_at is null and o.created_at < now() - make_interval(secs => ${olderThanSeconds})
    order by o.created_at`.execute(executor);
  return rows;
}
