import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { admission } from './admission.ts';
import { CONTENT_TYPES, chooseFormat, renderResults } from './formats.ts';
import { CachedChecks, configuredChecks } from './plugins.ts';
import { processDetails } from './process-details.ts';

export const HEALTH_CHECK_PATH = '/healthcheck';

/**
 * `/healthcheck`, only when `[api_settings] healthcheck_enabled`: needs no token, so an outer proxy should keep unknownAmphorae
 * away. GET: 200, 503 when a check fails, 204 without checks; HEAD: 204 or 503.
 * @throws OctaviaError BAD_OPTION
 */
export function healthCheck(server: FastifyInstance, { config, store, now, logger }: ApiDependencies): void {
  const { healthcheck_enabled: enabled, healthcheck_refresh_interval: seconds } = config.api_settings;
  if (!enabled) return;
  const { detailed } = config.healthcheck;
  const checks = configuredChecks(config.healthcheck, store, (text) => logger.warn({}, text));
  const cached = new CachedChecks(checks, seconds, now);
  const admits = admission(config.healthcheck);

  const results = (request: FastifyRequest) => {
    if (!admits(request)) throw new OctaviaError('ROUTE_NOT_FOUND');
    return cached.results(request.socket.localPort ?? 0);
  };

  server.head(HEALTH_CHECK_PATH, async (request: FastifyRequest, reply: FastifyReply) => {
    const healthy = (await results(request)).every(({ available }) => available);
    return reply.code(healthy ? 204 : 503).send();
  });

  server.get(HEALTH_CHECK_PATH, async (request, reply) => {
    const found = await results(request);
    if (found.length === 0) return reply.code(204).send();
    const format = chooseFormat(request.headers.accept);
    const body = renderResults(format, found, detailed ? processDetails(now()) : null);
    return reply
      .code(found.every(({ available }) => available) ? 200 : 503)
      .type(CONTENT_TYPES[format])
      .serializer((text: string) => text)
      .send(body);
  });
}
