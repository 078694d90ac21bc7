/** What every request passes before its route, in the order of the contract: CORS, request id, size, identity, audit. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityDriver } from '../clouds/identity/interface.ts';
import { OctaviaError } from '../errors.ts';
import { auditCalls } from './audit/audit.ts';
import type { Caller } from './caller.ts';
import { applyCors } from './cors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { globalRequestId } from './global-request-id.ts';
import { HEALTH_CHECK_PATH } from './health-check/health-check.ts';
import { checkHost } from './host.ts';
import { OPENAPI_PATH } from './openapi/document.ts';
import type { Policy } from './policy/policy.ts';
import { EVENTS_PATH } from './v2/events.ts';

/* Every request is somebody's, or refused: the layer in front of all handlers. */

/** Exactly these, as the client wrote them, are answered without a token; the document that says how to get on is, too. */
const OPEN_PATHS = new Set(['/', '/load-balancer/', '/healthcheck', '/load-balancer/healthcheck']);

const NOBODY: Caller = {
  userId: null,
  userName: null,
  userDomainId: null,
  projectId: null,
  projectName: null,
  projectDomainId: null,
  domainId: null,
  systemScope: null,
  roles: [],
  serviceRoles: [],
  isAdmin: false,
};

/** @throws OctaviaError UNAUTHENTICATED, IDENTITY_UNAVAILABLE */
async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  { identity: driver, policy }: { identity: IdentityDriver; policy: Policy },
): Promise<Caller> {
  policy.refresh();
  const isOpen =
    OPEN_PATHS.has(request.originalUrl.split('?', 1)[0] ?? '') || request.routeOptions.url === OPENAPI_PATH;
  if (isOpen) return NOBODY;
  const identity = await driver.identify(request.headers);
  if (identity !== null) return policy.caller(identity);
  if (driver.challenge !== null) reply.header('www-authenticate', driver.challenge);
  throw new OctaviaError('UNAUTHENTICATED');
}

/** Whether an Accept header lets us answer in JSON. A missing or empty header accepts everything. */
function acceptsJson(header: string | undefined): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter.replaceAll(' ', '')));
    return !refused && ['application/json', 'application/*', '*/*', '*'].includes(range);
  });
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One line a request: changes and failures of ours always, reads only where somebody looks for a fault. */
function logAnswered(request: FastifyRequest, reply: FastifyReply): void {
  const { method, originalUrl: url } = request;
  const status = reply.statusCode;
  const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
  const global = globalRequestId(request);
  const fields = { method, url, status, milliseconds, ...(global === null ? {} : { globalRequestId: global }) };
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
    // These two speak other formats, too.
    const isOpen = routeOptions.url === HEALTH_CHECK_PATH || routeOptions.url === EVENTS_PATH;
    if (!isOpen && !acceptsJson(headers.accept)) throw new OctaviaError('NOT_ACCEPTABLE');
  });
  server.addHook('onResponse', async (request, reply) => {
    logAnswered(request, reply);
  });
}
