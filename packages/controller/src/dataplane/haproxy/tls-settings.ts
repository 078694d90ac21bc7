/** Versions, ciphers and ALPN in HAProxy's words; the same for clients (`bind`) and for members (`server`). */
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '../../domain/validation/tls.ts';
import { type Argument, value } from './config.ts';

/** Weakest first. */
const VERSIONS: readonly [string, string][] = [
  ['SSLv3', 'SSLv3'],
  ['TLSv1', 'TLSv1.0'],
  ['TLSv1.1', 'TLSv1.1'],
  ['TLSv1.2', 'TLSv1.2'],
  ['TLSv1.3', 'TLSv1.3'],
];

/** All that OpenSSL 3 has. An unknown name among them would make HAProxy refuse the whole file. */
const TLS13_SUITES: readonly string[] = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

const ALPN_TOKENS: readonly string[] = ['h2', 'http/1.1', 'http/1.0'];

/**
 * HAProxy knows a range, not a set. Of a list with a hole the part above the hole counts: what was left out on purpose
 * must not come back.
 */
function versionArguments(versions: readonly string[], onlyTls13: boolean): Argument[] {
  const wanted = VERSIONS.map(([name]) => versions.includes(name));
  const top = wanted.lastIndexOf(true);
  if (top < 0) return [];
  let bottom = top;
  while (bottom > 0 && wanted[bottom - 1]) bottom--;
  if (onlyTls13 && top === VERSIONS.length - 1) bottom = top;
  return ['ssl-min-ver', VERSIONS[bottom]![1], 'ssl-max-ver', VERSIONS[top]![1]];
}

/** The list names suites of TLS 1.3 and ciphers of the versions before it together; HAProxy has a list for each. */
function cipherLists(ciphers: string): { older: string; suites: string } {
  const names = ciphers.split(':').filter((name) => name !== '');
  return {
    older: names.filter((name) => !name.startsWith('TLS_')).join(':'),
    suites: names.filter((name) => TLS13_SUITES.includes(name)).join(':'),
  };
}

export function alpnArguments(word: 'alpn' | 'check-alpn', { alpnProtocols }: TlsSettings): Argument[] {
  const tokens = (alpnProtocols ?? []).filter((token) => ALPN_TOKENS.includes(token));
  return tokens.length === 0 ? [] : [word, tokens.join(',')];
}

export function tlsSettingArguments(settings: TlsSettings): Argument[] {
  const { tlsCiphers, tlsVersions } = settings;
  const { older, suites } = cipherLists(tlsCiphers ?? '');
  return [
    ...(older === '' ? [] : ['ciphers', value(older)]),
    ...(suites === '' ? [] : ['ciphersuites', suites]),
    ...versionArguments(tlsVersions ?? [], older === '' && suites !== ''),
    ...alpnArguments('alpn', settings),
  ];
}

/** Whether OpenSSL finds at least one cipher in the list: of those for older versions it wants one when any is named. */
export function areKnownCiphers(ciphers: string): boolean {
  const { older, suites } = cipherLists(ciphers);
  if (older === '') return suites !== '';
  try {
    createSecureContext({ ciphers: older, minVersion: 'TLSv1' });
    return true;
  } catch {
    return false;
  }
}
