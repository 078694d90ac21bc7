/** Addresses as the client sees them, for links. */
import type { FastifyRequest } from 'fastify';
import { type ForwardedRequest, forwardedRequest } from './proxy-headers.ts';
import { canonicalUrl } from './urls.ts';

/** Headers of proxies count only when the operator says that a proxy sets them, because anybody can send them. */
const forwarded = ({ headers }: FastifyRequest, believeProxy: boolean): ForwardedRequest =>
  believeProxy ? forwardedRequest(headers) : {};

/** Where the connection ends: the only name that a client of HTTP/1.0 has told. */
function boundTo({ localAddress = 'localhost', localPort = 80 }: FastifyRequest['socket']): string {
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}

/** `http://host[/prefix]` */
export function applicationUrl(request: FastifyRequest, believeProxy: boolean): string {
  const { protocol, host, prefix } = forwarded(request, believeProxy);
  const mounted = prefix ?? canonicalUrl(request.originalUrl).prefix;
  return `${protocol ?? request.protocol}://${host ?? request.headers.host ?? boundTo(request.socket)}${mounted}`;
}

/** The address of the request without its query, for paging links. */
export function requestUrl(request: FastifyRequest, believeProxy: boolean, baseUri: string | null): string {
  const path = request.originalUrl.split('?')[0] ?? '';
  if (baseUri) return baseUri.replace(/\/+$/, '') + path;
  const { prefix } = canonicalUrl(request.originalUrl);
  return applicationUrl(request, believeProxy) + path.slice(prefix.length);
}

/** Path and query with the prefix under which the client knows the service. */
export function requestPath(request: FastifyRequest, believeProxy: boolean): string {
  const { prefix } = canonicalUrl(request.originalUrl);
  return (forwarded(request, believeProxy).prefix ?? prefix) + request.originalUrl.slice(prefix.length);
}

export function clientAddress(request: FastifyRequest, believeProxy: boolean): string {
  return forwarded(request, believeProxy).client ?? request.ip;
}
