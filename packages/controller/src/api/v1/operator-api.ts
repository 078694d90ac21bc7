/**
 * The deprecated operator API v1 (`[api_settings] api_v1_enabled`): other paths and words for the resources of API v2, which
 * check, store and carry out everything.
 */
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { sendFault } from '../faults.ts';
import { children } from './children.ts';
import { healthMonitors } from './health-monitors.ts';
import { loadBalancers } from './load-balancers.ts';
import { Parents } from './parents.ts';
import { quotas } from './quotas.ts';
import { Refused, Resources, type Routes } from './resources.ts';

/** @param routes of the resources of API v2 */
export function operatorApi(server: FastifyInstance, deps: ApiDependencies, routes: readonly Routes[]): void {
  deps.logger.warn(
    {},
    'The operator API v1 is enabled beside v2. It is deprecated and meant for operators: keep /v1 private',
  );
  const resources = new Resources(deps, routes);
  const parents = new Parents(resources);
  const limit = deps.config.oslo_middleware.max_request_body_size;

  server.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      if (!(error instanceof Refused)) return sendFault(error, request, reply, limit);
      return reply.code(error.status).headers(error.headers).send(error.body);
    });
    scope.addHook('onClose', () => resources.close());
    scope.get('/v1', async (_request, reply) => reply.type('application/json').send('"v1"'));
    loadBalancers(scope, deps, resources, parents);
    children(scope, resources, parents);
    healthMonitors(scope, resources, parents);
    quotas(scope, resources);
  });
}
