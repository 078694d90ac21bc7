/** What is being done and what was done, with every step: the cause behind a status. Ours alone. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Operation, OperationStep } from '../../domain/operations.ts';
import { OctaviaError } from '../../errors.ts';
import { act, VERBS, type VerbRequest } from '../../flows/operator-verbs.ts';
import type { Tx } from '../../store/core/database.ts';
import * as operations from '../../store/operations/operations.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import { unwrapObject } from '../attributes/body.ts';
import { optional, refuseUnknown } from '../attributes/collection-types.ts';
import { OPERATION, operationResponse } from '../attributes/operation.ts';
import { queryableFields } from '../attributes/query.ts';
import { text } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { readBody } from '../request-body.ts';
import { found } from './not-found.ts';
import { parameter } from './request.ts';

const PATH = '/v2/octavia/operations';
/**
 * The rules of the contract have none for operations: who may look at amphorae may look at them, who may fail over a load
 * balancer may act on them.
 */
const rules = { list: 'amphora:get_all', show: 'amphora:get_one', act: 'loadbalancer:put_failover' } as const;
const QUERYABLE = queryableFields(OPERATION);

const time = (date: Date | null): string | null => date?.toISOString().replace('Z', '') ?? null;

const stepResponse = (step: OperationStep) => ({
  number: step.number,
  name: step.name,
  phase: step.phase,
  state: step.state,
  attempts: step.attempts,
  detail: step.detail,
  started_at: time(step.startedAt),
  ended_at: time(step.endedAt),
});

/** What tenants see of an operation of theirs. */
const tenantResponse = (operation: Operation, steps: OperationStep[]) => ({
  id: operation.id,
  kind: operation.kind,
  resource_type: operation.resourceType,
  resource_id: operation.resourceId,
  state: operation.state,
  current_step: operation.currentStep,
  attempts: operation.attempts,
  reason: operation.reason,
  created_at: time(operation.createdAt),
  started_at: time(operation.startedAt),
  ended_at: time(operation.endedAt),
  steps: steps.map(stepResponse),
});

const actionResponse = (action: operations.OperatorAction) => ({
  verb: action.verb,
  detail: action.detail,
  user_id: action.userId,
  project_id: action.projectId,
  request_id: action.requestId,
  created_at: time(action.createdAt),
});

/** `GET /v2/lbaas/loadbalancers/{id}/operations`: the newest hundred, newest first. */
export function loadBalancerOperations(server: FastifyInstance, { store }: ApiDependencies): void {
  server.get('/v2/lbaas/loadbalancers/:id/operations', async (request) => {
    const id = parameter(request);
    const loadBalancer = found(await loadBalancers.get(store.db, id), 'Load Balancer', id);
    authorise(request, 'loadbalancer:get_one', loadBalancer.projectId);
    const recent = await operations.byLoadBalancer(store.db, loadBalancer.id);
    const steps = await operations.stepsOf(
      store.db,
      recent.map((operation) => operation.id),
    );
    return { operations: recent.map((operation) => tenantResponse(operation, steps.get(operation.id) ?? [])) };
  });
}

/** `/v2/octavia/operations`: those of everybody, for operators, and what they may do to them. */
export function allOperations(server: FastifyInstance, deps: ApiDependencies): void {
  const { store, providers } = deps;

  async function whole(id: string) {
    const operation = found(await operations.get(store.db, id), 'Operation', id);
    const steps = await operations.stepsOf(store.db, [operation.id]);
    return {
      operation: {
        ...operationResponse(operation, null, undefined),
        steps: (steps.get(operation.id) ?? []).map(stepResponse),
        actions: (await operations.actionsOf(store.db, operation.id)).map(actionResponse),
      },
    };
  }

  async function resubmit(tx: Tx, failed: Operation): Promise<void> {
    const loadBalancer = await loadBalancers.get(tx, failed.loadBalancerId);
    const { kind, loadBalancerId, projectId, resourceType, resourceId, input, id, retryNumber } = failed;
    const again = { kind, loadBalancerId, projectId, resourceType, resourceId, input };
    const provider = providers.get(loadBalancer?.provider ?? 'amphora');
    await provider.submit(tx, { ...again, retryOf: id, retryNumber: retryNumber + 1 });
  }

  server.get(PATH, async (request) => {
    authorise(request, rules.list);
    return answerList(deps, request, {
      plural: 'operations',
      queryable: QUERYABLE,
      list: operations.list,
      respond: async (rows, fields) => rows.map((row) => operationResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    authorise(request, rules.show);
    return whole(parameter(request));
  });

  for (const verb of VERBS) {
    server.put(`${PATH}/:id/${verb}`, async (request, reply) => {
      authorise(request, rules.act);
      const id = parameter(request);
      const asked = verbRequest(request);
      const { userId, projectId } = request.caller;
      const actor = { userId, projectId, requestId: request.id };
      const done = await store.transaction((tx) => act(tx, verb, id, asked, actor, resubmit));
      request.log.info({ operation: id, verb, user: userId }, done);
      return reply.code(202).send(await whole(id));
    });
  }
}

const ENVELOPE = { argument: 'operation_', wrapper: 'operation' };
const REASON = text({ max: 255 });

/** An empty body, or `{"operation": {"reason": …, "status": …}}`. @throws OctaviaError VALIDATION, INVALID_ATTRIBUTE, UNKNOWN_ATTRIBUTE */
function verbRequest(request: FastifyRequest): VerbRequest {
  const body = readBody(request.body);
  if (body === undefined) return { reason: null };
  const { object, at } = unwrapObject(body, ENVELOPE);
  refuseUnknown(object, (name) => name === 'reason' || name === 'status', at.path);
  const { status } = object;
  if (status !== undefined && status !== 'ACTIVE' && status !== 'ERROR') {
    throw new OctaviaError('VALIDATION', { detail: 'status must be ACTIVE or ERROR' });
  }
  return { reason: optional(object, 'reason', REASON, at), ...(status === undefined ? {} : { status }) };
}
