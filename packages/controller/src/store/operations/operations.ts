import type { Operation, OperationState, OperationStep } from '../../domain/operations.ts';
import type { ErrorCode } from '../../errors.ts';
import { type Columns, selection } from '../core/columns.ts';
import type { Executor, Tx } from '../core/database.ts';
import type { ListQuery } from '../core/list-query.ts';
import { type Sql, sql } from '../core/sql.ts';
import { isUuid, Table } from '../core/table.ts';

const OPERATION: Columns<'operation', Operation> = {
  id: 'id',
  loadBalancerId: 'load_balancer_id',
  projectId: 'project_id',
  kind: 'kind',
  resourceType: 'resource_type',
  resourceId: 'resource_id',
  input: 'input',
  flowVersion: 'flow_version',
  state: 'state',
  currentStep: 'current_step',
  attempts: 'attempts',
  reason: 'reason',
  cause: 'cause',
  abandonReason: 'abandon_reason',
  retryOf: 'retry_of',
  retryNumber: 'retry_number',
  workerId: 'worker_id',
  createdAt: 'created_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
};

const table = new Table<Operation, 'operation'>({ name: 'operation', columns: OPERATION, json: ['input'] });

const COLUMNS = selection('o', OPERATION);

/** A page, oldest first unless asked otherwise. */
export const list = (executor: Executor, query: ListQuery) => table.list(executor, query);

export type NewOperation = Pick<
  Operation,
  'id' | 'loadBalancerId' | 'projectId' | 'kind' | 'resourceType' | 'resourceId' | 'input' | 'flowVersion'
> &
  Partial<Pick<Operation, 'retryOf' | 'retryNumber'>>;

/** Where the engine finds the flow of an operation. */
export interface QueuePlace {
  queue: string;
  workflow: string;
  application: string;
  applicationVersion: string;
}

/** An operation and its place in the queue: what accepting a change comes to. */
export interface QueuedOperation extends NewOperation {
  place: QueuePlace;
}

/** The part of a statement that writes operations, as `written`. @param condition over `o`, the operation */
const writing = (operations: readonly QueuedOperation[], condition: Sql): Sql => {
  const rows = operations.map((operation) => ({ ...operation, ...operation.place, place: undefined }));
  return sql`
    given as materialized (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o (
      id uuid, "loadBalancerId" uuid, "projectId" text, kind text, "resourceType" text, "resourceId" uuid, input jsonb,
      "flowVersion" integer, "retryOf" uuid, "retryNumber" integer,
      queue text, workflow text, application text, "applicationVersion" text)),
    written as (
      insert into operation (id, load_balancer_id, project_id, kind, resource_type, resource_id, input, flow_version,
        retry_of, retry_number, state)
      select id, "loadBalancerId", "projectId", kind, "resourceType", "resourceId", input, "flowVersion", "retryOf",
        coalesce("retryNumber", 0), 'queued'
      from given o where ${condition} returning id)`;
};

/**
 * Enters them in the engine's queue by its own SQL function: as many as there are, in the statement that writes them. One
 * flow at a time for one load balancer, in the order the changes were accepted.
 */
const QUEUED = sql`(select count(dbos.enqueue_workflow(workflow_name => o.workflow, queue_name => o.queue,
    positional_args => array[to_json(o.id)], workflow_id => o.id::text, app_version => o."applicationVersion",
    queue_partition_key => o."loadBalancerId"::text, application_name => o.application))
  from written join given o using (id))`;

/** For a larger statement: parts that write operations, and the expression (to be selected) that enters them in the queue. */
export const submission = (operations: readonly QueuedOperation[], condition: Sql = sql`true`) =>
  operations.length === 0 ? { parts: [], queued: sql`0` } : { parts: [writing(operations, condition)], queued: QUEUED };

/** Operation and flow come into being together, or neither does. */
export async function submit(tx: Tx, operation: QueuedOperation): Promise<void> {
  const { parts, queued } = submission([operation]);
  await sql`with ${sql.join(parts)} select ${queued}`.execute(tx);
}

/**
 * Marks the operation as taken by a worker and returns it; null when it has ended already. The number of attempts it
 * returns is the worker's fencing token of the operation: whoever begins it later makes all statements of this one void.
 * @param attempts begun so far, if that may have changed since it was this worker's turn; another number counts as an end
 */
export async function begin(
  executor: Executor,
  id: string,
  workerId: string,
  attempts: number | null = null,
): Promise<Operation | null> {
  const { rows } = await sql<Operation>`
    update operation o set state = case when o.state = 'queued' then 'running' else o.state end,
      attempts = o.attempts + 1, worker_id = ${workerId}, started_at = coalesce(o.started_at, now())
    where o.id = ${id} and o.ended_at is null and o.attempts = coalesce(${attempts}, o.attempts)
    returning ${COLUMNS}`.execute(executor);
  return rows[0] ?? null;
}

/** An operation as one attempt at it may write it. */
export type FencingToken = Pick<Operation, 'id' | 'attempts'>;

const heldBy = ({ id, attempts }: FencingToken) => sql`id = ${id} and attempts = ${attempts} and ended_at is null`;

/** @returns false when the token is void: ended, or begun again by another worker */
export async function end(
  executor: Executor,
  token: FencingToken,
  state: OperationState,
  failure: { reason: string; code: ErrorCode } | null,
): Promise<boolean> {
  const { count } = await sql`
    update operation set state = ${state}, reason = ${failure?.reason ?? null}, cause = ${failure?.code ?? null},
      current_step = null, ended_at = now()
    where ${heldBy(token)}`.execute(executor);
  return count > 0;
}

export type StepEnd = Pick<OperationStep, 'number' | 'phase' | 'state' | 'detail' | 'cause'>;
export type StepBegin = Pick<OperationStep, 'number' | 'phase' | 'name'>;

/**
 * One statement per step: ends one, begins the next, and asks whether to go on. A step onward is not begun when the
 * operation is to be abandoned.
 * @returns null when the token is void
 */
export async function advance(
  executor: Executor,
  token: FencingToken,
  ended: StepEnd | null,
  next: StepBegin | null,
): Promise<{ abandonReason: string | null } | null> {
  const { id } = token;
  const changes = next
    ? sql`current_step = ${next.name}, state = ${next.phase === 'do' ? 'running' : 'undoing'}`
    : // A lane has ended: what another one is at is the step to look at.
      sql`current_step = coalesce((select s.name from operation_step s where s.operation_id = ${id}
        and s.state = 'running' and s.number <> ${ended?.number ?? 0}::int order by s.number limit 1), current_step)`;
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
    with mine as (update operation set ${changes} where ${heldBy(token)} returning abandon_reason)${ending}${beginning}
    select abandon_reason as "abandonReason" from mine`.execute(executor);
  return rows[0] ?? null;
}

/** Asks whoever runs the operation, now or next, to undo it. @returns false when it has ended */
export async function abandon(executor: Executor, id: string, reason: string): Promise<boolean> {
  const { count } = await sql`
    update operation set abandon_reason = coalesce(abandon_reason, ${reason})
    where id = ${id} and ended_at is null`.execute(executor);
  return count > 0;
}

type StepRow = OperationStep & { operationId: string };

const STEP = selection<'operation_step', StepRow>('s', {
  operationId: 'operation_id',
  number: 'number',
  phase: 'phase',
  name: 'name',
  state: 'state',
  attempts: 'attempts',
  detail: 'detail',
  cause: 'cause',
  startedAt: 'started_at',
  endedAt: 'ended_at',
});

/** Timelines of several operations in one statement, in the order things began. */
export async function stepsOf(executor: Executor, ids: string[]): Promise<Map<string, OperationStep[]>> {
  const { rows } = await sql<StepRow>`
    select ${STEP} from operation_step s where operation_id = any(${ids}::uuid[]) order by started_at, number`.execute(
    executor,
  );
  return Map.groupBy(rows, (row) => row.operationId);
}

/** Newest first. */
export async function byLoadBalancer(executor: Executor, loadBalancerId: string, limit = 100): Promise<Operation[]> {
  const { rows } = await sql<Operation>`
    select ${COLUMNS} from operation o where o.load_balancer_id = ${loadBalancerId}
    order by o.created_at desc limit ${limit}`.execute(executor);
  return rows;
}

export const get = (executor: Executor, id: string): Promise<Operation | null> => table.get(executor, id);

/** The operation, whose row nobody else changes until the transaction ends. */
export async function lock(tx: Tx, id: string): Promise<Operation | null> {
  if (!isUuid(id)) return null;
  const [row] = await table.selectForUpdate(tx, sql`t.id = ${id}`);
  return row ?? null;
}

/** What works on the object, or on the load balancer of this id: the first of those that have not ended. */
export async function blocking(executor: Executor, id: string): Promise<Operation | null> {
  if (!isUuid(id)) return null;
  const { rows } = await sql<Operation>`
    with wanted as (
      select ${id}::uuid as id
      union all select load_balancer_id from listener where id = ${id}
      union all select load_balancer_id from pool where id = ${id}
      union all select l.load_balancer_id from l7policy y join listener l on l.id = y.listener_id where y.id = ${id}
      union all select load_balancer_id from amphora where id = ${id})
    select ${COLUMNS} from operation o
    where o.ended_at is null and o.load_balancer_id = any(array(select id from wanted))
    order by o.created_at limit 1`.execute(executor);
  return rows[0] ?? null;
}

/** Of the operations, those that have ended. */
export async function ended(executor: Executor, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from operation where id = any(${ids}::uuid[]) and ended_at is not null`.execute(executor);
  return new Set(rows.map(({ id }) => id));
}

/** The newest operation on the same load balancer that was accepted after this one and succeeded. */
export async function succeededSince(executor: Executor, operation: Operation): Promise<Operation | null> {
  const { rows } = await sql<Operation>`
    select ${COLUMNS} from operation o
    where o.load_balancer_id = ${operation.loadBalancerId} and o.state = 'succeeded'
      and o.created_at > (select f.created_at from operation f where f.id = ${operation.id})
    order by o.created_at desc limit 1`.execute(executor);
  return rows[0] ?? null;
}

export interface OperatorAction {
  id: string;
  /** Null for what was done to a load balancer without one. */
  operationId: string | null;
  loadBalancerId: string;
  verb: 'resume' | 'abandon' | 'reset';
  detail: string;
  userId: string | null;
  projectId: string | null;
  requestId: string | null;
  createdAt: Date;
}

const ACTION = selection<'operation_action', OperatorAction>('a', {
  id: 'id',
  operationId: 'operation_id',
  loadBalancerId: 'load_balancer_id',
  verb: 'verb',
  detail: 'detail',
  userId: 'user_id',
  projectId: 'project_id',
  requestId: 'request_id',
  createdAt: 'created_at',
});

/** Keeps what an operator did by hand. */
export async function recordAction(tx: Tx, action: Omit<OperatorAction, 'createdAt'>): Promise<void> {
  await sql`
    insert into operation_action (id, operation_id, load_balancer_id, verb, detail, user_id, project_id, request_id)
    values (${action.id}, ${action.operationId}, ${action.loadBalancerId}, ${action.verb}, ${action.detail},
      ${action.userId}, ${action.projectId}, ${action.requestId})`.execute(tx);
}

/** What operators did to an operation, in order. */
export async function actionsOf(executor: Executor, operationId: string): Promise<OperatorAction[]> {
  const { rows } = await sql<OperatorAction>`
    select ${ACTION} from operation_action a where operation_id = ${operationId} order by created_at`.execute(executor);
  return rows;
}

/** Operations that have not ended although they were accepted some time ago. */
export async function unfinished(executor: Executor, olderThanSeconds: number): Promise<Operation[]> {
  const { rows } = await sql<Operation>`
    select ${COLUMNS} from operation o
    where o.ended_at is null and o.created_at < now() - make_interval(secs => ${olderThanSeconds})
    order by o.created_at`.execute(executor);
  return rows;
}
