import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';

type Routes = (server: FastifyInstance, deps: ApiDependencies) => void;

export function operatorApi(server: FastifyInstance, _deps: ApiDependencies, _resources: readonly Routes[]): void {
  server.get('/v1', async (_request, reply) => reply.type('application/json').send('"v1"'));
}
