/** What every request passes before its route, in the order of the contract: CORS, request id, size, identity, audit. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OctaviaError } from '../errors.ts';
import { acceptsJson } from './accept.ts';
import { auditCalls } from './audit/audit.ts';
import { authenticate } from './authentication/authenticate.ts';
import { applyCors } from './cors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { HEALTH_CHECK_PATH } from './health-check/health-check.ts';
import { checkHost } from './host.ts';

const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function globalRequestId({ headers }: FastifyRequest): { globalRequestId?: string } {
  const id = headers['x-openstack-request-id'];
  return typeof id === 'string' && GLOBAL_REQUEST_ID.test(id) ? { globalRequestId: id } : {};
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One line a request: changes and failures of ours always, reads only where somebody looks for a fault. */
function logAnswered(request: FastifyRequest, reply: FastifyReply): void {
  const { method, originalUrl: url } = request;
  const status = reply.statusCode;
  const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
  const fields = { method, url, status, milliseconds, ...globalRequestId(request) };
  if (READS.has(method) && status < 500) request.log.debug(fields, 'request');
  else request.log.info(fields, 'request');
}

export function requestHooks(server: FastifyInstance, deps: ApiDependencies): void {
  const { cors, oslo_middleware } = deps.config;
  const limit = oslo_middleware.max_request_body_size;

  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id);
    checkHost(request.raw);
    if (applyCors(cors, request, reply)) return reply;
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
    logAnswered(request, reply);
  });
}
