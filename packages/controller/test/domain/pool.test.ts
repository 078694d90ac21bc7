import { describe, expect, it } from 'vitest';
import { type PoolRules, settlePool, settlePoolChange } from '../../src/domain/validation/pool.ts';
import { aPool } from '../support/store.ts';

const rules: PoolRules = {
  tls: {
    defaultCiphers: 'D',
    defaultVersions: ['TLSv1.2'],
    defaultAlpnProtocols: ['h2'],
    minimumVersion: null,
    prohibitedCiphers: [],
  },
};
const DEFAULTS = { tlsCiphers: 'D', tlsVersions: ['TLSv1.2'], alpnProtocols: ['h2'] };

describe('a new pool', () => {
  it('takes the configured TLS settings only when it does TLS', () => {
    expect(settlePool(aPool('lb', { tlsEnabled: true }), rules)).toMatchObject(DEFAULTS);
    expect(settlePool(aPool('lb'), rules)).toMatchObject({ tlsCiphers: null, tlsVersions: null, alpnProtocols: null });
  });

  it('checks versions and ALPN only with TLS, ciphers always', () => {
    expect(() => settlePool(aPool('lb', { tlsVersions: ['x'], alpnProtocols: [] }), rules)).not.toThrow();
    expect(() => settlePool(aPool('lb', { tlsVersions: ['x'], tlsEnabled: true }), rules)).toThrow(
      'Invalid TLS versions: x',
    );
    expect(() => settlePool(aPool('lb', { tlsCiphers: '?' }), rules)).toThrow('Invalid characters in cipher string');
  });

  it('needs a CA for a revocation list', () => {
    expect(() => settlePool(aPool('lb', { crlContainerRef: 'crl' }), rules)).toThrow(
      'Validation failure: A CA certificate reference is required to specify a revocation list.',
    );
  });
});

describe('a changed pool', () => {
  it('words the two CA refusals apart', () => {
    expect(() => settlePoolChange(aPool('lb'), { crlContainerRef: 'crl' }, rules)).toThrow(
      'A CA reference is required to specify a certificate revocation list.',
    );
    const listed = aPool('lb', { caTlsContainerRef: 'ca', crlContainerRef: 'crl' });
    expect(() => settlePoolChange(listed, { caTlsContainerRef: null }, rules)).toThrow(
      'A CA reference cannot be removed when a certificate revocation list is present.',
    );
  });

  it('fills TLS settings when TLS is switched on, and checks what was stored', () => {
    expect(settlePoolChange(aPool('lb'), { tlsEnabled: true }, rules)).toMatchObject(DEFAULTS);
    expect(() => settlePoolChange(aPool('lb', { tlsVersions: ['x'] }), { tlsEnabled: true }, rules)).toThrow(
      'Invalid TLS',
    );
  });

  it('resets ciphers and versions on null, and switches ALPN off', () => {
    const current = aPool('lb', {
      tlsEnabled: true,
      tlsCiphers: 'X',
      tlsVersions: ['TLSv1.3'],
      alpnProtocols: ['http/1.1'],
    });
    expect(settlePoolChange(current, { tlsCiphers: null, tlsVersions: null, alpnProtocols: null }, rules)).toEqual({
      tlsCiphers: 'D',
      tlsVersions: ['TLSv1.2'],
      alpnProtocols: null,
    });
    expect(settlePoolChange({ ...current, alpnProtocols: null }, { name: 'n' }, rules)).toMatchObject({
      alpnProtocols: null,
    });
  });

  it('touches nothing that is not named', () => {
    expect(settlePoolChange(aPool('lb'), { name: 'n' }, rules)).toEqual({ name: 'n' });
    const persistence = {
      type: 'SOURCE_IP' as const,
      cookieName: null,
      persistenceTimeout: null,
      persistenceGranularity: null,
    };
    expect(
      settlePoolChange(aPool('lb', { sessionPersistence: persistence }), { sessionPersistence: null }, rules),
    ).toEqual({
      sessionPersistence: null,
    });
  });
});
