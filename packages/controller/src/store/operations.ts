import { sql } from 'kysely';
import type { Operation, OperationState, OperationStep } from '../domain/operations.ts';
import type { Executor, Tx } from './database.ts';

const COLUMNS = sql`
  o.id, o.load_balancer_id as "loadBalancerId", o.project_id as "projectId", o.kind, o.resource_type as "resourceType",
  o.resource_id as "resourceId", o.input, o.flow_version as "flowVersion", o.state, o.current_step as "currentStep",
  o.attempts, o.reason, o.worker_id as "workerId", o.created_at as "createdAt", o.started_at as "startedAt",
  o.ended_at as "endedAt"`;

export type NewOperation = Pick<
  Operation,
  'id' | 'loadBalancerId' | 'projectId' | 'kind' | 'resourceType' | 'resourceId' | 'input' | 'flowVersion'
>;

export async function insert(tx: Tx, operation: NewOperation): Promise<void> {
  await sql`
    insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version, state)
    values (${operation.id}, ${operation.loadBalancerId}, ${operation.projectId}, ${operation.kind},
      ${operation.resourceType}, ${operation.resourceId}, ${JSON.stringify(operation.input)}, ${operation.flowVersion}, 'queued')
  `.execute(tx);
}

/** Marks the operation as taken by a worker and returns it; null when it has ended already. */
export async function begin(executor: Executor, id: string, workerId: string): Promise<Operation | null> {
  const { rows } = await sql<Operation>`
    update operation o set state = case when o.state = 'queued' then 'running' else o.state end,
      attempts = o.attempts + 1, worker_id = ${workerId}, started_at = coalesce(o.started_at, now())
    where o.id = ${id} and o.ended_at is null returning ${COLUMNS}`.execute(executor);
  return rows[0] ?? null;
}

export async function end(executor: Executor, id: string, state: OperationState, reason: string | null): Promise<void> {
  await sql`
    update operation set state = ${state}, reason = ${reason}, current_step = null, ended_at = now()
    where id = ${id} and ended_at is null`.execute(executor);
}

/** One statement: the step's row and the operation's current step. */
export async function beginStep(
  executor: Executor,
  id: string,
  step: Pick<OperationStep, 'number' | 'phase' | 'name'>,
): Promise<void> {
  await sql`
    with current as (
      update operation set current_step = ${step.name}, state = ${step.phase === 'do' ? 'running' : 'undoing'}
      where id = ${id} and ended_at is null)
    insert into operation_step (operation_id, number, phase, name, state, started_at)
    values (${id}, ${step.number}, ${step.phase}, ${step.name}, 'running', now())
    on conflict (operation_id, number, phase)
    do update set state = 'running', attempts = operation_step.attempts + 1, ended_at = null, detail = null`.execute(
    executor,
  );
}

export async function endStep(
  executor: Executor,
  id: string,
  step: Pick<OperationStep, 'number' | 'phase' | 'state' | 'detail'>,
): Promise<void> {
  await sql`
    update operation_step set state = ${step.state}, detail = ${step.detail}, ended_at = now()
    where operation_id = ${id} and number = ${step.number} and phase = ${step.phase}`.execute(executor);
}

/** Timelines of several operations in one statement, in the order things began. */
export async function stepsOf(executor: Executor, ids: string[]): Promise<Map<string, OperationStep[]>> {
  const { rows } = await sql<OperationStep & { operationId: string }>`
    select operation_id as "operationId", number, phase, name, state, attempts, detail,
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
