import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { changedTls, type TlsRules, withTlsDefaults } from '../../src/domain/validation/tls.ts';
import { certificateKey, requireAnyCipher, requireUsableCiphers } from '../../src/tls/ciphers.ts';

const { api_settings: api } = loadConfig({ env: {} });
const DEFAULT = api.default_listener_ciphers;
const MODERN = 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256';
const OLD = 'ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA';
const NEW_VERSIONS = ['TLSv1.2', 'TLSv1.3'];
const keys = { rsa: { type: 'rsa', ref: 'r' }, ec: { type: 'ec', ref: 'e' }, none: undefined };

const settings = (tlsCiphers: string | null, tlsVersions: string[]) => ({
  tlsCiphers,
  tlsVersions,
  alpnProtocols: null,
});

describe('ciphers that a tenant names', () => {
  it.each<[string, string | null, string[], keyof typeof keys, string | null]>([
    ['modern', MODERN, NEW_VERSIONS, 'rsa', null],
    ['modern', MODERN, NEW_VERSIONS, 'ec', null],
    ['for the other key', 'ECDHE-RSA-AES128-GCM-SHA256', NEW_VERSIONS, 'ec', 'TLSv1.2 and the EC key of e'],
    ['for the other key', 'ECDHE-ECDSA-AES128-GCM-SHA256', ['TLSv1.2'], 'rsa', 'TLSv1.2 and the RSA key of r'],
    ['for the other key, by families', 'aRSA', ['TLSv1.2'], 'ec', 'TLSv1.2 and the EC key of e'],
    ['for nobody', 'aNULL', NEW_VERSIONS, 'none', 'TLSv1.2'],
    ['without encryption', 'eNULL', ['TLSv1.2'], 'none', 'TLSv1.2'],
    ['by families', 'HIGH:!aNULL', NEW_VERSIONS, 'ec', null],
    ['of TLS 1.3 alone', 'TLS_AES_128_GCM_SHA256', NEW_VERSIONS, 'rsa', null],
    ['of TLS 1.3 alone', 'TLS_AES_128_GCM_SHA256', ['TLSv1.2'], 'rsa', 'TLSv1.2 and the RSA key of r'],
    ['modern, with old versions', MODERN, ['TLSv1', 'TLSv1.1', 'TLSv1.2'], 'none', 'TLSv1, TLSv1.1'],
    ['old', OLD, ['TLSv1', 'TLSv1.1'], 'rsa', null],
    ['old', OLD, ['TLSv1'], 'ec', null],
    ['old, for the other key', 'AES128-SHA', ['TLSv1'], 'ec', 'TLSv1 and the EC key of e'],
    ['old, at a level that rules them out', `${OLD}:@SECLEVEL=1`, ['TLSv1.1'], 'none', 'TLSv1.1'],
    ['old, at level 0', `@SECLEVEL=0:${OLD}`, ['TLSv1.1'], 'none', null],
    ['none', null, ['TLSv1'], 'rsa', null],
    ['unknown, which the provider refuses', 'FOO', ['TLSv1.2'], 'none', null],
    ['beside SSLv3, which is left out', OLD, ['SSLv3', 'TLSv1'], 'none', null],
  ])('%s: %s with %s and a key %s', (_what, ciphers, versions, key, refused) => {
    const check = () => requireUsableCiphers(settings(ciphers, versions), true, keys[key]);
    if (refused === null) expect(check).not.toThrow();
    else expect(check).toThrow(`None of tls_ciphers can be used with ${refused}.`);
  });
});

describe('security levels', () => {
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const rsa = (modulusLength: number) => pem(generateKeyPairSync('rsa', { modulusLength }).privateKey);
  const ec = (namedCurve: string) => pem(generateKeyPairSync('ec', { namedCurve }).privateKey);
  const made = {
    short: certificateKey(rsa(2048), 'r'),
    long: certificateKey(rsa(3072), 'r'),
    p256: certificateKey(ec('prime256v1'), 'e'),
    p384: certificateKey(ec('secp384r1'), 'e'),
  };
  it.each<[string, keyof typeof made, boolean]>([
    [MODERN, 'short', true],
    [`${MODERN}:@SECLEVEL=2`, 'short', true],
    [`${MODERN}:@SECLEVEL=3`, 'short', false],
    [`@SECLEVEL=4:${MODERN}`, 'short', false],
    [`${MODERN}:@SECLEVEL=5`, 'short', false],
    [`${MODERN}:@SECLEVEL=3`, 'long', true],
    [`${MODERN}:@SECLEVEL=3`, 'p256', true],
    [`ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=4`, 'p256', false],
    [`ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=4`, 'p384', true],
    ['SUITEB128', 'short', false],
    ['SUITEB128', 'p256', true],
    ['DHE-RSA-AES128-GCM-SHA256', 'short', true],
    ['kDHE', 'short', true],
    ['kDHE', 'p256', false],
  ])('%s with the key %s: %s', (ciphers, key, usable) => {
    const check = () => requireUsableCiphers(settings(ciphers, ['TLSv1.2']), true, made[key]);
    if (usable) expect(check).not.toThrow();
    else expect(check).toThrow('None of tls_ciphers can be used with TLSv1.2');
  });

  it('keep TLS 1.3 from no key, but for Suite B', () => {
    const check = (ciphers: string) => () => requireUsableCiphers(settings(ciphers, ['TLSv1.3']), true, made.short);
    expect(check(`${MODERN}:@SECLEVEL=3`)).not.toThrow();
    expect(check('SUITEB128')).toThrow('None of tls_ciphers can be used with TLSv1.3 and the RSA key of r.');
  });
});

describe('ciphers of the configuration', () => {
  it('need not know every key as long as one version is left', () => {
    const check = (versions: string[]) => () => requireUsableCiphers(settings(DEFAULT, versions), false, keys.ec);
    expect(check(NEW_VERSIONS)).not.toThrow();
    expect(check(['TLSv1.2'])).toThrow('None of tls_ciphers can be used with TLSv1.2 and the EC key of e.');
  });

  const rules: TlsRules = {
    defaultCiphers: DEFAULT,
    defaultVersions: NEW_VERSIONS,
    defaultAlpnProtocols: ['h2'],
    minimumVersion: null,
    prohibitedCiphers: ['AES256-SHA', 'AES128-SHA'],
  };

  it('are joined by ciphers of old versions where those are asked for', () => {
    expect(withTlsDefaults(settings(null, NEW_VERSIONS), rules).tlsCiphers).toBe(DEFAULT);
    const old = withTlsDefaults(settings(null, ['TLSv1', 'TLSv1.1']), rules);
    expect(old.tlsCiphers).toMatch(
      /^TLS_AES_256.*:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:.*:ECDHE-RSA-AES128-SHA$/,
    );
    for (const key of Object.values(keys)) expect(() => requireUsableCiphers(old, true, key)).not.toThrow();
    expect(withTlsDefaults(settings(MODERN, ['TLSv1']), rules).tlsCiphers).toBe(MODERN);
  });

  it('are chosen anew when other versions are asked for, those of a tenant stay', () => {
    const versions = { tlsVersions: ['TLSv1'] };
    expect(changedTls(settings(DEFAULT, NEW_VERSIONS), versions, rules)).toEqual(settings(null, ['TLSv1']));
    expect(changedTls(settings(MODERN, NEW_VERSIONS), versions, rules)).toEqual(settings(MODERN, ['TLSv1']));
    expect(changedTls(settings(DEFAULT, NEW_VERSIONS), {}, rules)).toEqual(settings(DEFAULT, NEW_VERSIONS));
  });
});

it('what is there is served as long as one version can be', () => {
  const check = (ciphers: string, versions: string[]) => () => requireAnyCipher(settings(ciphers, versions), keys.ec);
  expect(check('aNULL', NEW_VERSIONS)).not.toThrow();
  expect(check(MODERN, ['TLSv1', 'TLSv1.2'])).not.toThrow();
  expect(check('aNULL', ['TLSv1.2'])).toThrow('None of tls_ciphers can be used with TLSv1.2 and the EC key of e.');
});
