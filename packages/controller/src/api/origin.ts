import type { FastifyRequest } from 'fastify';
import { canonicalUrl } from './urls.ts';

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim() || undefined;

/**
 * `http://host[/prefix]` as the client sees it. The X-Forwarded headers count only when the operator says that a proxy
 * sets them, because anybody can send them.
 */
export function applicationUrl(request: FastifyRequest, believeProxy: boolean): string {
  const { headers } = request;
  const forwarded = believeProxy
    ? {
        protocol: first(headers['x-forwarded-proto']),
        host: first(headers['x-forwarded-host']),
        prefix: first(headers['x-forwarded-prefix'])?.replace(/\/+$/, ''),
      }
    : {};
  const prefix = forwarded.prefix ?? canonicalUrl(request.originalUrl).prefix;
  return `${forwarded.protocol ?? request.protocol}://${forwarded.host ?? headers.host ?? 'localhost'}${prefix}`;
}

/** The address of the request without its query, for paging links. */
export function requestUrl(request: FastifyRequest, believeProxy: boolean, baseUri: string | null): string {
  const path = request.originalUrl.split('?')[0] ?? '';
  if (baseUri) return baseUri.replace(/\/+$/, '') + path;
  const { prefix } = canonicalUrl(request.originalUrl);
  return applicationUrl(request, believeProxy) + path.slice(prefix.length);
}
