import { type Argument, fetchOf, type Line, line, logFormat, value } from '@octavia/haproxy-config/tree';
import type { Listener, Pool, SessionPersistence } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import type { ProxyMode } from './modes.ts';

/** Longer session ids are told apart by their first 64 characters. */
const COOKIE_VALUE_LENGTH = 64;

/** Of a pool with HTTP_COOKIE that no other pool's cookie can meet; OpenStack Octavia has no other. */
const ONLY_COOKIE = 'SRV';

export interface ServerCookie {
  name: string;
  /** The name it has while the load balancer has more, or fewer, such pools: sessions of then go on. */
  otherName: string;
  /** Whether clients come over TLS alone. */
  secure: boolean;
}

/**
 * Browsers keep one cookie of a name for a host, whatever its port and path: pools of one load balancer would overwrite
 * each other's.
 * @param pools all that are served
 * @param listeners all that are served with this pool
 */
export function serverCookie(pool: Pool, pools: readonly Pool[], listeners: readonly Listener[]): ServerCookie {
  const own = `${ONLY_COOKIE}_${pool.id.replaceAll('-', '')}`;
  const alone = pools.every(
    ({ id, sessionPersistence }) => id === pool.id || sessionPersistence?.type !== 'HTTP_COOKIE',
  );
  const [name, otherName] = alone ? [ONLY_COOKIE, own] : [own, ONLY_COOKIE];
  return { name, otherName, secure: listeners.every(({ protocol }) => protocol === 'TERMINATED_HTTPS') };
}

interface PersistenceContext {
  mode: ProxyMode;
  cookie: ServerCookie;
  /** True when clients may come over IPv6; such a table also holds IPv4 addresses, at four times the size. */
  ipv6: boolean;
  stickSize: string;
  /** Section of those that share the tables; null: nobody. */
  peers: string | null;
}

/** HTTP_COOKIE: HAProxy's own cookie. Its value is the member id (`server.ts`). */
export function usesServerCookie(persistence: SessionPersistence | null, mode: ProxyMode): boolean {
  return persistence?.type === 'HTTP_COOKIE' && mode === 'http';
}

function tableLine(type: Argument[], { stickSize, peers }: PersistenceContext): Line {
  return line('stick-table', 'type', ...type, 'size', stickSize, ...(peers === null ? [] : ['peers', peers]));
}

function appCookieLines(persistence: SessionPersistence, context: PersistenceContext): Line[] {
  const cookie = persistence.cookieName;
  if (cookie === null) throw new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword: 'stick' });
  return [
    tableLine(['string', 'len', COOKIE_VALUE_LENGTH], context),
    line('stick', 'store-response', fetchOf('res.cook', cookie)),
    line('stick', 'match', fetchOf('req.cook', cookie)),
  ];
}

/**
 * No script needs to read it. Over TLS it comes along wherever the page is embedded, as the cookies of the application may
 * (`SameSite=None`, which browsers take with `Secure` alone); elsewhere browsers go on as without the attribute.
 *
 * `use-server` goes by the cookie of the other name where the one of today names no member.
 */
function serverCookieLines({ name, otherName, secure }: ServerCookie): Line[] {
  const attributes: Argument[] = secure ? ['httponly', 'secure', 'attr', value('SameSite=None')] : ['httponly'];
  const other = `req.cook(${otherName})`;
  return [
    line('cookie', name, 'insert', 'indirect', 'nocache', ...attributes),
    line('use-server', logFormat({ sample: other }), 'if', '{', other, '-m', 'found', '}'),
  ];
}

/** Cookies need HTTP: on a pass-through pool the API accepts the types and they have no effect. */
export function persistenceLines(persistence: SessionPersistence | null, context: PersistenceContext): Line[] {
  switch (persistence?.type) {
    case undefined:
      return [];
    case 'SOURCE_IP':
      return [tableLine([context.ipv6 ? 'ipv6' : 'ip'], context), line('stick', 'on', 'src')];
    case 'HTTP_COOKIE':
      return context.mode === 'http' ? serverCookieLines(context.cookie) : [];
    case 'APP_COOKIE':
      return context.mode === 'http' ? appCookieLines(persistence, context) : [];
  }
}
