/** The health monitor of a pool: one, without an id of its own in the path, which has two spellings. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBody } from '../request-body.ts';
import { POOLS } from './children.ts';
import { speaking } from './crud.ts';
import { notFound, type Parents, parameter } from './parents.ts';
import type { Resources } from './resources.ts';
import { forCreate, forUpdate, type Json } from './shape.ts';
import { MONITOR } from './shapes.ts';
import { monitorView } from './views.ts';

const WRAPPER = 'healthmonitor';

export function healthMonitors(server: FastifyInstance, resources: Resources, parents: Parents): void {
  async function find(request: FastifyRequest): Promise<{ monitor: Json; at: string }> {
    const { healthmonitor_id: id } = await parents.pool(request);
    if (!id) throw notFound('Health Monitor', parameter(request, 'pool'));
    const at = `/healthmonitors/${id}`;
    return { monitor: await resources.show(request, at, WRAPPER), at };
  }

  for (const path of POOLS.flatMap((pools) => [`${pools}/:pool/health_monitor`, `${pools}/:pool/healthmonitor`])) {
    server.get(path, async (request) => monitorView((await find(request)).monitor));

    server.post(path, async (request, reply) => {
      const body = forCreate(MONITOR, readBody(request.body));
      const { id } = await parents.pool(request);
      const answer = await speaking(MONITOR, () =>
        resources.call(request, 'POST', '/healthmonitors', { [WRAPPER]: { ...body, pool_id: id } }),
      );
      return reply.code(202).send(monitorView(answer[WRAPPER] as Json));
    });

    server.put(path, async (request, reply) => {
      const body = readBody(request.body);
      const { monitor, at } = await find(request);
      const changes = forUpdate(MONITOR, body, monitor);
      const answer = await speaking(MONITOR, () => resources.call(request, 'PUT', at, { [WRAPPER]: changes }));
      return reply.code(202).send(monitorView(answer[WRAPPER] as Json));
    });

    server.delete(path, async (request, reply) => {
      await resources.call(request, 'DELETE', (await find(request)).at);
      return reply.code(202).send();
    });
  }
}
