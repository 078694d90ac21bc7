import type { FastifyInstance } from 'fastify';
import { readBody } from '../request-body.ts';
import { parameter, segment } from './parents.ts';
import type { Resources } from './resources.ts';
import type { Json } from './shape.ts';
import { quotaView } from './views.ts';

const PATH = '/v1/quotas';

export function quotas(server: FastifyInstance, resources: Resources): void {
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
