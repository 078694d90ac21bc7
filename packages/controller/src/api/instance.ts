/** A Fastify instance that reads bodies and writes answers and faults as the API does; without routes and request hooks. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Operation } from '../domain/operations.ts';
import { OctaviaError } from '../errors.ts';
import { blocking } from '../store/operations/operations.ts';
import { answerBrokenRequests } from './broken-requests.ts';
import type { Caller } from './caller.ts';
import type { ApiDependencies } from './dependencies.ts';
import { type Blocking, sendFault, waitsFor } from './faults.ts';
import type { Policy } from './policy/policy.ts';
import { canonicalUrl } from './urls.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyInstance {
    policy: Policy;
  }
}

/** For the client that has to wait: what for. */
const described = ({ id, kind, currentStep, startedAt, createdAt }: Operation): Blocking => ({
  id,
  text: `Operation ${id} is in the way: ${kind}, step ${currentStep ?? 'not begun'}, since ${(startedAt ?? createdAt).toISOString()}`,
});

const noSchemas = () => (): never => {
  throw new Error('routes have no schemas');
};

/** How much later than its time a request is given up at most; Node looks at all connections each time. */
const LATE_REQUESTS_MS = 5_000;

export function createInstance(deps: ApiDependencies): FastifyInstance {
  const { config, newId, logger } = deps;
  const bodyLimit = config.oslo_middleware.max_request_body_size;
  const requestTimeoutMs = config.api_settings.request_timeout * 1000;
  const fault = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    sendFault(error, request, reply, bodyLimit);
  const instance: FastifyInstance = Fastify({
    loggerInstance: logger,
    // One line per request, written when it is answered.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    genReqId: () => `req-${newId()}`,
    rewriteUrl: (request) => canonicalUrl(request.url ?? '/').url,
    frameworkErrors: (error, request, reply) => void fault(error, request, reply as never),
    routerOptions: { maxParamLength: 1024 },
    // Attribute tables validate and write, not JSON schemas: their compilers are not even loaded.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Who sends a body byte by byte keeps a connection, and what was read of it, no longer than this.
    requestTimeout: requestTimeoutMs,
    http: {
      // Without a Host header Node would answer by itself, in no shape of ours.
      requireHostHeader: false,
      // Node looks at bodies only where the time for heads is not the longer one.
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, LATE_REQUESTS_MS),
    },
    clientErrorHandler: () => undefined,
  });

  // A client that has said everything may close its side and still wait; Node would hang up on it, the change being made.
  Object.assign(instance.server, { httpAllowHalfOpen: true });
  answerBrokenRequests(instance.server, () => `req-${newId()}`);

  // Bodies stay bytes until a handler wants them: only then can they be wrong. Compressed ones are nothing a handler can read.
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', { parseAs: 'buffer' }, ({ headers }, body, done) => {
    const encoding = headers['content-encoding']?.trim().toLowerCase() || 'identity';
    if (encoding === 'identity') done(null, body);
    else done(new OctaviaError('UNSUPPORTED_ENCODING', { encoding }));
  });

  instance.decorate('policy', deps.policy);
  instance.decorateRequest('caller', null as unknown as Caller);
  instance.setErrorHandler(async (error, request, reply) => {
    const id = waitsFor(error);
    const inTheWay = id === null ? null : await blocking(deps.store.db, id).catch(() => null);
    return sendFault(error, request, reply, bodyLimit, inTheWay && described(inTheWay));
  });

  // JSON without a schema: the response mappers decide what is in it, and the contract names no charset.
  instance.setReplySerializer((payload) => JSON.stringify(payload));
  instance.addHook('onSend', async (_request, reply, payload) => {
    if (String(reply.getHeader('content-type') ?? '').startsWith('application/json')) reply.type('application/json');
    return payload;
  });
  return instance;
}
