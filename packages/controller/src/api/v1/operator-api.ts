/**
 * The deprecated operator API v1 (`[api_settings] api_v1_enabled`): other paths and words for the resources of API v2, which
 * check, store and carry out everything.
 */
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { sendFault } from '../faults.ts';
import { readBody } from '../request-body.ts';
import { children } from './children.ts';
import { healthMonitors } from './health-monitors.ts';
import { loadBalancers } from './load-balancers.ts';
import { Parents, parameter, segment } from './parents.ts';
import { Refused, Resources, type Routes } from './resources.ts';
import type { Json } from './shape.ts';
import { quotaView } from './views.ts';

const PATH = '/v1/quotas';

function quotas(server: FastifyInstance, resources: Resources): void {
  server.get(PATH, async (request) => ({
    quotas: (await resources.list(request, '/quotas', 'quotas')).map((quota) => ({
      project_id: quota.project_id,
      tenant_id: quota.project_id,
      ...quotaView(quota),
    })),
  }));

  for (const path of [`${PATH}/default`, `${PATH}/:project/default`]) {
    server.get(path, async (request) => ({
      quota: quotaView(await resources.show(request, '/quotas/defaults', 'quota')),
    }));
  }

  server.get(`${PATH}/:project`, async (request) => ({
    quota: quotaView(await resources.show(request, `/quotas/${segment(parameter(request, 'project'))}`, 'quota')),
  }));

  server.put(`${PATH}/:project`, async (request, reply) => {
    const path = `/quotas/${segment(parameter(request, 'project'))}`;
    const answer = await resources.call(request, 'PUT', path, readBody(request.body) as Json | undefined);
    return reply.code(202).send({ quota: quotaView(answer.quota as Json) });
  });

  server.delete(`${PATH}/:project`, async (request, reply) => {
    await resources.call(request, 'DELETE', `/quotas/${segment(parameter(request, 'project'))}`);
    return reply.code(202).send();
  });
}

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
