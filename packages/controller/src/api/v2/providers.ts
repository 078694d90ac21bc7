import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { selectedFields } from '../lists/parameters.ts';
import { authorise } from '../policy/authorise.ts';
import { queryOf } from '../urls.ts';

export function providers(server: FastifyInstance, { config, providers: registry }: ApiDependencies): void {
  server.get('/v2/lbaas/providers', async (request) => {
    authorise(request, 'provider:get_all');
    const fields = selectedFields(new URLSearchParams(queryOf(request.raw.url ?? '')), config.api_settings);
    const shown = (entry: object) =>
      Object.fromEntries(Object.entries(entry).filter(([name]) => !fields || fields.includes(name)));
    return { providers: registry.list().map(shown) };
  });
}
