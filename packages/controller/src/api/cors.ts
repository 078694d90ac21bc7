/**
 * Cross-origin resource sharing (`[cors]`): the outermost layer. Without `allowed_origin` it does nothing. Of our own, because
 * clients know the answers of oslo.middleware: 200 without any grant where the method or a header is not allowed, and only
 * what was asked for where it is. @fastify/cors answers every preflight with all it allows.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/index.ts';

/** Request headers every origin may send. */
const SIMPLE_HEADERS = [
  'accept',
  'accept-language',
  'content-type',
  'cache-control',
  'content-language',
  'expires',
  'last-modified',
  'pragma',
];

const parts = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Headers for a request of this origin; null when the origin may not call. */
function originHeaders(settings: Config['cors'], origin: string): Record<string, string> | null {
  const allowed = settings.allowed_origin ?? [];
  const named = allowed.includes(origin);
  if (!named && !allowed.includes('*')) return null;
  return {
    'access-control-allow-origin': named ? origin : '*',
    vary: 'Origin',
    ...(settings.allow_credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}

/** Headers of the answer to a preflight request; none when something it asks for is not allowed. */
function preflightHeaders(settings: Config['cors'], { headers }: FastifyRequest, origin: string) {
  const granted = originHeaders(settings, origin);
  const method = headers['access-control-request-method'];
  if (granted === null || method === undefined || !settings.allow_methods.includes(method)) return {};
  const wanted = parts(headers['access-control-request-headers']);
  const allowed = new Set([...SIMPLE_HEADERS, ...settings.allow_headers.map((name) => name.toLowerCase())]);
  if (wanted.some((name) => !allowed.has(name.toLowerCase()))) return {};
  return {
    ...granted,
    ...(settings.max_age > 0 ? { 'access-control-max-age': String(settings.max_age) } : {}),
    'access-control-allow-methods': method,
    ...(wanted.length > 0 ? { 'access-control-allow-headers': wanted.join(',') } : {}),
  };
}

/** @returns true when this was a preflight request: it is answered, without looking at who asks */
export function applyCors(settings: Config['cors'], request: FastifyRequest, reply: FastifyReply): boolean {
  const { origin } = request.headers;
  if (settings.allowed_origin === null || origin === undefined) return false;
  if (request.method === 'OPTIONS') {
    void reply
      .headers(preflightHeaders(settings, request, origin))
      .code(200)
      .send();
    return true;
  }
  const granted = originHeaders(settings, origin);
  if (granted === null) return false;
  reply.headers(granted);
  if (settings.expose_headers.length > 0) {
    reply.header('access-control-expose-headers', settings.expose_headers.join(','));
  }
  return false;
}
