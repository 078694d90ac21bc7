/**
 * `rabbit://user:password@host:port,user:password@host:port/vhost?option=value`, as oslo.messaging reads it. Pure.
 */

interface BrokerHost {
  /** Without the brackets of IPv6. */
  hostname: string;
  port: number | null;
  username: string | null;
  password: string | null;
}

export interface TransportUrl {
  /** Empty: the URL names none. */
  hosts: BrokerHost[];
  virtualHost: string;
  /** Options of `[oslo_messaging_rabbit]`, by name. */
  options: ReadonlyMap<string, string>;
}

/** `kombu+` names the library that speaks; `amqp` is another protocol, AMQP 1.0. */
const SCHEMES = new Set(['rabbit', 'kombu']);

/** Why a text is not the URL of a bus that this release can use. The text says it all without the URL. */
export class BadTransportUrl extends Error {}

const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i;

/** @throws BadTransportUrl */
export function parseTransportUrl(url: string): TransportUrl {
  const [, scheme = '', hosts = '', path = '', query = ''] = PARTS.exec(url.trim()) ?? [];
  if (scheme === '') throw new BadTransportUrl('it is not like rabbit://user:password@host:5672/vhost');
  if (!SCHEMES.has(scheme.toLowerCase())) {
    throw new BadTransportUrl(`this release speaks with RabbitMQ alone (rabbit://), not with ${scheme}://`);
  }
  return {
    hosts: hosts.split(',').filter(Boolean).map(brokerHost),
    virtualHost: decoded(path.slice(1)) || '/',
    options: new Map(new URLSearchParams(query)),
  };
}

function brokerHost(text: string): BrokerHost {
  const at = text.lastIndexOf('@');
  const [, username = null, password = null] = at < 0 ? [] : (/^([^:]*)(?::(.*))?$/s.exec(text.slice(0, at)) ?? []);
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text.slice(at + 1)) ?? [];
  const hostname = bracketed ?? plain;
  if (hostname === '') throw new BadTransportUrl('one of its hosts is not host:port or [IPv6 address]:port');
  const number = port ? Number(port) : null;
  if (number !== null && !(number > 0 && number < 65_536)) {
    throw new BadTransportUrl(`the port ${port} of ${hostname} is not between 1 and 65535`);
  }
  return { hostname, port: number, username: username && decoded(username), password: password && decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadTransportUrl('a % in it is not followed by two hexadecimal digits; a % itself is written %25');
  }
}
