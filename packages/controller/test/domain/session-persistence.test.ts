import { describe, expect, it } from 'vitest';
import type { SessionPersistence } from '../../src/domain/resources.ts';
import {
  resolveSessionPersistence,
  type SessionPersistenceInput,
} from '../../src/domain/validation/session-persistence.ts';

const input = (parts: Partial<SessionPersistenceInput>): SessionPersistenceInput => ({
  type: null,
  cookieName: null,
  persistenceTimeout: null,
  persistenceGranularity: null,
  ...parts,
});
const stored: SessionPersistence = {
  type: 'APP_COOKIE',
  cookieName: 'old',
  persistenceTimeout: null,
  persistenceGranularity: null,
};

describe('session persistence', () => {
  it.each([
    ['HTTP', { type: 'SOURCE_IP' }],
    ['TCP', { type: 'HTTP_COOKIE' }],
    ['PROXY', { type: 'APP_COOKIE', cookieName: 'JSESSIONID' }],
    ['UDP', { type: 'SOURCE_IP', persistenceTimeout: 5, persistenceGranularity: '255.255.0.0' }],
    ['SCTP', { type: 'SOURCE_IP' }],
  ] as const)('%s pool with %o', (protocol, parts) => {
    expect(resolveSessionPersistence(input(parts), protocol, null)).toEqual(input(parts));
  });

  it.each([
    [
      'HTTP',
      { type: 'APP_COOKIE' },
      'Field "cookie_name" must be specified when using the "APP_COOKIE" session persistence type.',
    ],
    [
      'HTTP',
      { type: 'SOURCE_IP', cookieName: 'a' },
      'Field "cookie_name" can only be specified with session persistence of type "APP_COOKIE".',
    ],
    ['HTTP', { type: 'APP_COOKIE', cookieName: 'a b' }, 'Supplied "cookie_name" is invalid.'],
    ['HTTP', { type: 'APP_COOKIE', cookieName: 'a;b' }, 'Supplied "cookie_name" is invalid.'],
    ['HTTP', { type: 'APP_COOKIE', cookieName: 'é' }, 'Supplied "cookie_name" is invalid.'],
    [
      'TCP',
      { type: 'SOURCE_IP', persistenceTimeout: 5 },
      'persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.',
    ],
    [
      'UDP',
      { type: 'SOURCE_IP', cookieName: 'a' },
      'session_persistence SOURCE_IP type for UDP and SCTP protocols only accepts: type, persistence_timeout, persistence_granularity.',
    ],
    ['SCTP', { type: 'APP_COOKIE', cookieName: 'a' }, 'Cookie names are not supported for UDP/SCTP pools.'],
    [
      'UDP',
      { type: 'HTTP_COOKIE' },
      'Session persistence of type HTTP_COOKIE is not supported for UDP/SCTP protocol pools.',
    ],
    ['HTTP', { cookieName: 'a' }, 'Invalid session_persistence provided.'],
  ] as const)('%s pool refuses %o', (protocol, parts, message) => {
    expect(() => resolveSessionPersistence(input(parts), protocol, null)).toThrow(`Validation failure: ${message}`);
  });

  it('inherits the type on PUT and replaces everything else', () => {
    expect(resolveSessionPersistence(input({ cookieName: 'new' }), 'HTTP', stored)).toEqual({
      ...stored,
      cookieName: 'new',
    });
    expect(resolveSessionPersistence(input({ type: 'HTTP_COOKIE' }), 'HTTP', stored).cookieName).toBeNull();
  });
});
