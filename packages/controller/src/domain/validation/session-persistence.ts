import type { PoolProtocol, SessionPersistence } from '../resources.ts';
import { isConnectionless } from './protocols.ts';
import { refusal } from './refuse.ts';

/** What a request says; a PUT may leave out `type`, which is then inherited from the stored persistence. */
export type SessionPersistenceInput = Omit<SessionPersistence, 'type'> & { type: SessionPersistence['type'] | null };

// RFC 6265 token characters: visible ASCII without separators.
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function checkConnectionless(persistence: SessionPersistence): void {
  if (persistence.type === 'SOURCE_IP' && persistence.cookieName !== null) {
    throw refusal(
      'session_persistence SOURCE_IP type for UDP and SCTP protocols only accepts: type, persistence_timeout, persistence_granularity.',
    );
  }
  if (persistence.cookieName !== null) throw refusal('Cookie names are not supported for UDP/SCTP pools.');
  if (persistence.type !== 'SOURCE_IP') {
    throw refusal(`Session persistence of type ${persistence.type} is not supported for UDP/SCTP protocol pools.`);
  }
}

function checkCookie(persistence: SessionPersistence): void {
  const { type, cookieName } = persistence;
  if (type !== 'APP_COOKIE') {
    if (cookieName === null) return;
    throw refusal('Field "cookie_name" can only be specified with session persistence of type "APP_COOKIE".');
  }
  if (cookieName === null || cookieName === '') {
    throw refusal('Field "cookie_name" must be specified when using the "APP_COOKIE" session persistence type.');
  }
  if (!COOKIE_NAME.test(cookieName)) throw refusal('Supplied "cookie_name" is invalid.');
}

/**
 * The persistence a pool will have. A given one replaces every stored part except `type`.
 * @throws OctaviaError VALIDATION
 */
export function resolveSessionPersistence(
  input: SessionPersistenceInput,
  protocol: PoolProtocol,
  stored: SessionPersistence | null,
): SessionPersistence {
  const type = input.type ?? stored?.type;
  if (type === undefined) throw refusal('Invalid session_persistence provided.');
  const persistence: SessionPersistence = { ...input, type };
  if (isConnectionless(protocol)) {
    checkConnectionless(persistence);
    return persistence;
  }
  checkCookie(persistence);
  if (persistence.persistenceTimeout !== null || persistence.persistenceGranularity !== null) {
    throw refusal('persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.');
  }
  return persistence;
}
