/** What every request passes before its route, in the order of the contract: CORS, request id, size, identity, audit. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OctaviaError } from '../errors.ts';
import { acceptsJson } from './accept.ts';
import { auditCalls } from './audit/audit.ts';
import { authenticate } from './authentication/authenticate.ts';
import { applyCors } from './cors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { HEALTH_CHECK_PATH } from './health-check/health-check.ts';
import { checkHost } from './host.ts';

const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function noteGlobalRequestId(request: FastifyRequest): void {
  const globalRequestId = request.headers['x-openstack-request-id'];
  if (typeof globalRequestId === 'string' && GLOBAL_REQUEST_ID.test(globalRequestId)) {
    request.log.info({ globalRequestId }, 'global request id');
  }
}

export function frontDoor(server: FastifyInstance, deps: ApiDependencies): void {
  const { cors, oslo_middleware } = deps.config;
  const limit = oslo_middleware.max_request_body_size;

  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id);
    checkHost(request.raw);
    if (applyCors(cors, request, reply)) return reply;
    noteGlobalRequestId(request);
    // A body without a length is measured while it arrives.
    if (Number(request.headers['content-length'] ?? 0) > limit) throw new OctaviaError('BODY_TOO_LARGE', { limit });
    request.caller = await authenticate(request, reply, deps);
  });
  auditCalls(server, deps);
  server.addHook('preHandler', async ({ headers, routeOptions }) => {
    const isHealthCheck = routeOptions.url === HEALTH_CHECK_PATH;
    if (!isHealthCheck && !acceptsJson(headers.accept)) throw new OctaviaError('NOT_ACCEPTABLE');
  });
  server.addHook('onResponse', async (request, reply) => {
    const { method, originalUrl: url } = request;
    request.log.info({ method, url, status: reply.statusCode, milliseconds: reply.elapsedTime }, 'request');
  });
}
