/** What is being done to a load balancer and what was done, with every step: the cause behind a status. Ours alone. */
import type { FastifyInstance } from 'fastify';
import type { Operation, OperationStep } from '../../domain/operations.ts';
import * as loadBalancers from '../../store/load-balancers.ts';
import * as operations from '../../store/operations.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { parameter } from './request.ts';

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

const operationResponse = (operation: Operation, steps: OperationStep[]) => ({
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
    return { operations: recent.map((operation) => operationResponse(operation, steps.get(operation.id) ?? [])) };
  });
}
