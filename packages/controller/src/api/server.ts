/** The HTTP API as one Fastify instance. It listens where its owner says; everything it needs is passed in. */
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { OctaviaError } from '../errors.ts';
import { acceptsJson } from './accept.ts';
import { authenticate } from './authentication/authenticate.ts';
import type { Caller } from './caller.ts';
import type { ApiDependencies } from './dependencies.ts';
import { discovery } from './discovery.ts';
import { sendFault } from './faults.ts';
import { healthCheck } from './health-check.ts';
import { KnownPaths } from './known-paths.ts';
import { openapi } from './openapi.ts';
import type { Policy } from './policy/policy.ts';
import { canonicalUrl } from './urls.ts';
import { amphorae } from './v2/amphorae.ts';
import { availabilityZoneProfiles } from './v2/availability-zone-profiles.ts';
import { availabilityZones } from './v2/availability-zones.ts';
import { flavorProfiles } from './v2/flavor-profiles.ts';
import { flavors } from './v2/flavors.ts';
import { healthMonitors } from './v2/health-monitors.ts';
import { listeners } from './v2/listeners.ts';
import { loadBalancers } from './v2/load-balancers.ts';
import { members } from './v2/members.ts';
import { loadBalancerOperations } from './v2/operations.ts';
import { pools } from './v2/pools.ts';
import { providers } from './v2/providers.ts';
import { quotas } from './v2/quotas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyInstance {
    policy: Policy;
  }
}

const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function buildServer(deps: ApiDependencies): FastifyInstance {
  const { config, newId, logger } = deps;
  const bodyLimit = config.oslo_middleware.max_request_body_size;
  const server: FastifyInstance = Fastify({
    loggerInstance: logger,
    // One line per request, written when it is answered.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    genReqId: () => `req-${newId()}`,
    rewriteUrl: (request) => canonicalUrl(request.url ?? '/').url,
    frameworkErrors: (error, request, reply) => void sendFault(error, request, reply as never, bodyLimit),
    routerOptions: { maxParamLength: 1024 },
  });

  // Bodies stay bytes until a handler wants them: only then can they be wrong.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const paths = new KnownPaths();
  server.addHook('onRoute', ({ url, method }) => paths.add(url, Array.isArray(method) ? method : [method]));

  server.decorate('policy', deps.policy);
  server.decorateRequest('caller', null as unknown as Caller);
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id);
    const globalId = request.headers['x-openstack-request-id'];
    if (typeof globalId === 'string' && GLOBAL_REQUEST_ID.test(globalId)) {
      request.log.info({ globalRequestId: globalId }, 'global request id');
    }
    request.caller = await authenticate(request, reply, deps);
    const isHealthCheck = request.routeOptions.url === '/healthcheck';
    if (!isHealthCheck && !acceptsJson(request.headers.accept)) throw new OctaviaError('NOT_ACCEPTABLE');
  });
  server.addHook('onResponse', async (request, reply) => {
    const { method, originalUrl: url } = request;
    request.log.info({ method, url, status: reply.statusCode, milliseconds: reply.elapsedTime }, 'request');
  });

  server.setErrorHandler((error, request, reply) => sendFault(error, request, reply, bodyLimit));
  server.setNotFoundHandler((request, reply) => {
    const methods = paths.methods((request.raw.url ?? '').split('?')[0] ?? '');
    if (methods.length === 0) return sendFault(new OctaviaError('ROUTE_NOT_FOUND'), request, reply, bodyLimit);
    reply.header('allow', methods.join(', '));
    return sendFault(new OctaviaError('METHOD_NOT_ALLOWED', { method: request.method }), request, reply, bodyLimit);
  });

  // JSON without a schema: the response mappers decide what is in it, and the contract names no charset.
  server.setReplySerializer((payload) => JSON.stringify(payload));
  server.addHook('onSend', async (_request, reply, payload) => {
    if (String(reply.getHeader('content-type') ?? '').startsWith('application/json')) reply.type('application/json');
    return payload;
  });

  for (const routes of [
    discovery,
    healthCheck,
    openapi,
    loadBalancers,
    loadBalancerOperations,
    listeners,
    pools,
    members,
    healthMonitors,
    providers,
    quotas,
    flavors,
    flavorProfiles,
    availabilityZones,
    availabilityZoneProfiles,
    amphorae,
  ]) {
    routes(server, deps);
  }
  return server;
}
