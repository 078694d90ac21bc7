import type { SessionPersistence } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import { type Argument, fetchOf, type Line, line } from './config.ts';
import type { ProxyMode } from './modes.ts';

/** Longer session ids are told apart by their first 64 characters. */
const COOKIE_VALUE_LENGTH = 64;

interface PersistenceContext {
  mode: ProxyMode;
  /** True when clients may come over IPv6; such a table also holds IPv4 addresses, at four times the size. */
  ipv6: boolean;
  stickSize: string;
  /** Section of those that share the tables; null: nobody. */
  peers: string | null;
}

/** HTTP_COOKIE: HAProxy's own cookie, named as the original service names it. Its value is the member id (`server.ts`). */
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

/** Cookies need HTTP: on a pass-through pool the API accepts the types and they have no effect. */
export function persistenceLines(persistence: SessionPersistence | null, context: PersistenceContext): Line[] {
  switch (persistence?.type) {
    case undefined:
      return [];
    case 'SOURCE_IP':
      return [tableLine([context.ipv6 ? 'ipv6' : 'ip'], context), line('stick', 'on', 'src')];
    case 'HTTP_COOKIE':
      return context.mode === 'http' ? [line('cookie', 'SRV', 'insert', 'indirect', 'nocache')] : [];
    case 'APP_COOKIE':
      return context.mode === 'http' ? appCookieLines(persistence, context) : [];
  }
}
