/** Errors as answers: the body shapes of the contract (§1.1) and nothing else. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, isOctaviaError, OctaviaError } from '../errors.ts';
import { databaseUnavailable, isContention, isDatabaseUnavailable } from '../store/core/unavailable.ts';

/** Raised before a controller of a resource runs, hence in the shape of the router. */
const BEFORE_CONTROLLER: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'IDENTITY_UNAVAILABLE',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_TOO_LARGE',
  'MALFORMED_REQUEST',
  'INVALID_HOST',
  'UNSUPPORTED_ENCODING',
  'INVALID_LIMIT',
  'INVALID_SORT_DIRECTION',
]);

/** Wraps an error of a nested route's parent: answered in the router's shape. */
export class RouteFault extends Error {
  readonly fault: OctaviaError;

  constructor(fault: OctaviaError) {
    super(fault.message, { cause: fault });
    this.fault = fault;
  }
}

export function routeBody(error: OctaviaError) {
  return { code: error.status, title: STATUS_CODES[error.status] ?? '', description: error.message };
}

function faultBody(error: OctaviaError, debuginfo: string | null) {
  return { faultcode: error.status < 500 ? 'Client' : 'Server', faultstring: error.message, debuginfo };
}

function notAcceptableBody(error: OctaviaError, requestId: string) {
  const title = STATUS_CODES[406];
  return { errors: [{ status: 406, title, detail: error.message, request_id: requestId }] };
}

function bodyOf(error: OctaviaError, requestId: string, debuginfo: string | null): unknown {
  if (error.code === 'NOT_ACCEPTABLE') return notAcceptableBody(error, requestId);
  return BEFORE_CONTROLLER.has(error.code) ? routeBody(error) : faultBody(error, debuginfo);
}

/** Errors of the HTTP server itself, by its code. */
function ofServer(error: { code?: unknown; statusCode?: unknown }, limit: number): OctaviaError | null {
  // A path that cannot be decoded, or with a part longer than any id.
  if (error.code === 'FST_ERR_BAD_URL' || error.code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new OctaviaError('ROUTE_NOT_FOUND');
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new OctaviaError('BODY_TOO_LARGE', { limit });
  if (error.statusCode === 400 || error.statusCode === 415) return new OctaviaError('INVALID_JSON');
  return null;
}

function ofDatabase(error: unknown): OctaviaError | null {
  if (isContention(error)) return new OctaviaError('DATABASE_CONTENTION', {}, { cause: error });
  return isDatabaseUnavailable(error) ? databaseUnavailable(error) : null;
}

/** Over in a moment: the answer says when to come back. */
const CONTENDED: ReadonlySet<ErrorCode> = new Set(['PROJECT_BUSY', 'DATABASE_CONTENTION']);

/** The id of what the client has to wait for; null when waiting would not help. */
export const waitsFor = (error: unknown): string | null =>
  isOctaviaError(error, 'LB_INVALID_STATE') || isOctaviaError(error, 'IMMUTABLE') ? String(error.parameters.id) : null;

/**
 * What a caller can bring about at will, or what an outage does to all of them, is a line; a stack trace is for what nobody
 * expected.
 */
function logFailure(request: FastifyRequest, fault: OctaviaError, error: unknown): void {
  const { message: cause } = Object(fault.cause ?? error) as { message?: unknown };
  const line = { code: fault.code, fault: fault.message, ...(cause === fault.message ? {} : { cause }) };
  if (fault.status === 501) request.log.info(line, 'request refused');
  // The guard around providers has told what became of them, with the stack trace where there is anything to find.
  else if (fault.status === 503 || fault.code === 'PROVIDER_ERROR') request.log.warn(line, 'request not served');
  else if (fault.status >= 500) request.log.error({ err: error }, 'request failed');
}

/** An operation that a client has to wait for. */
export interface Blocking {
  id: string;
  /** One sentence about it. */
  text: string;
}

/**
 * The code of the catalogue and what goes with it are headers: bodies have the shape of the contract, and a text is for people
 * alone.
 * @param limit of request bodies, in bytes
 */
export function sendFault(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  limit: number,
  blocking: Blocking | null = null,
): FastifyReply {
  const isRoute = error instanceof RouteFault;
  const known = isRoute ? error.fault : isOctaviaError(error) ? error : ofServer(Object(error), limit);
  const fault = known ?? ofDatabase(error) ?? new OctaviaError('INTERNAL', { requestId: request.id });
  // Errors of the framework itself come here without having passed the hooks.
  reply.header('x-openstack-request-id', request.id);
  reply.headers({ 'octavia-error-code': fault.code, 'octavia-remedy': fault.remedy });
  if (blocking !== null) reply.header('octavia-operation', blocking.id);
  logFailure(request, fault, error);
  if (fault.status === 409 || CONTENDED.has(fault.code)) reply.header('retry-after', '1');
  if (fault.code === 'UNSUPPORTED_ENCODING') reply.header('accept-encoding', 'identity');
  const body = isRoute ? routeBody(fault) : bodyOf(fault, request.id, blocking?.text ?? null);
  return reply.code(fault.status).type('application/json').send(JSON.stringify(body));
}
