/** What a proxy in front says about the client's request: `Forwarded` (RFC 7239), else the `X-Forwarded-*` headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { isHostAndPort } from './host.ts';

/** Parts that are absent or could not be part of a URL are undefined. */
export interface ForwardedRequest {
  protocol?: 'http' | 'https' | undefined;
  /** `host` or `host:port` */
  host?: string | undefined;
  /** Address of the client. */
  client?: string | undefined;
  /** Where the service is mounted, such as `/load-balancer`; empty for the root. */
  prefix?: string | undefined;
}

const PREFIX = /^\/[\w.~/-]*$/;
const DEFAULT_PORTS = { http: '80', https: '443' };

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim() || undefined;

const protocolOf = (text: string | undefined): 'http' | 'https' | undefined => {
  const lower = text?.toLowerCase();
  return lower === 'http' || lower === 'https' ? lower : undefined;
};

const hostOf = (text: string | undefined): string | undefined => (text && isHostAndPort(text) ? text : undefined);

/** `[2001:db8::1]:4711` and `192.0.2.1:4711` without port and brackets. */
function addressOf(node: string | undefined): string | undefined {
  const [, v6, v4] = /^(?:\[([0-9A-Fa-f:.]+)\](?::\w+)?|([^:\s]+)(?::\w+)?)$/.exec(node ?? '') ?? [];
  return v6 ?? v4 ?? (node?.includes('::') ? node : undefined);
}

/** The first element of a `Forwarded` header: what the proxy next to the client saw. Names are in lower case. */
export function parseForwarded(header: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  const token = /\s*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*(;|,|$)/y;
  for (;;) {
    const match = token.exec(header);
    if (!match) return parameters;
    const [, name = '', quoted, plain = '', end] = match;
    parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (end !== ';') return parameters;
  }
}

/** The port goes into the address when the host does not name one and it is not the protocol's own. */
function withPort(host: string | undefined, port: string | undefined, protocol: 'http' | 'https'): string | undefined {
  if (host === undefined || port === undefined || !/^\d{1,5}$/.test(port)) return host;
  const named = /:\d+$/.test(host.replace(/^\[.*\]/, ''));
  return named || port === DEFAULT_PORTS[protocol] ? host : `${host}:${port}`;
}

export function forwardedRequest(headers: IncomingHttpHeaders): ForwardedRequest {
  const prefix = first(headers['x-forwarded-prefix'])?.replace(/\/+$/, '');
  const mounted = { prefix: prefix === '' || (prefix && PREFIX.test(prefix)) ? prefix : undefined };
  const standard =
    first([headers.forwarded ?? ''].flat()) === undefined ? null : parseForwarded(headers.forwarded ?? '');
  if (standard) {
    return {
      protocol: protocolOf(standard.proto),
      host: hostOf(standard.host),
      client: addressOf(standard.for),
      ...mounted,
    };
  }
  const protocol = protocolOf(first(headers['x-forwarded-proto']));
  const host = hostOf(first(headers['x-forwarded-host']));
  const port = first(headers['x-forwarded-port']);
  return {
    protocol,
    host: withPort(host ?? (port === undefined ? undefined : hostOf(headers.host)), port, protocol ?? 'http'),
    client: addressOf(first(headers['x-forwarded-for'])),
    ...mounted,
  };
}
