/** Versions, ciphers and ALPN in HAProxy's words; the same for clients (`bind`) and for members (`server`). */

import { type Argument, value } from '@octavia/haproxy-config/tree';
import { SECURITY_LEVEL, TLS10_VERSIONS, type TlsSettings } from '../../domain/validation/tls.ts';
import { cipherLists, NEVER } from '../../tls/ciphers.ts';

/** Weakest first. */
const VERSIONS: readonly [string, string][] = [
  ['SSLv3', 'SSLv3'],
  ['TLSv1', 'TLSv1.0'],
  ['TLSv1.1', 'TLSv1.1'],
  ['TLSv1.2', 'TLSv1.2'],
  ['TLSv1.3', 'TLSv1.3'],
];

const NEWEST_OLD = VERSIONS.findLastIndex(([name]) => TLS10_VERSIONS.includes(name));

const ALPN_TOKENS: readonly string[] = ['h2', 'http/1.1', 'http/1.0'];

/**
 * HAProxy knows a range, not a set. Of a list with a hole the part above the hole counts: what was left out on purpose
 * must not come back.
 */
function versionRange(versions: readonly string[], onlyTls13: boolean): { bottom: number; top: number } | null {
  const wanted = VERSIONS.map(([name]) => versions.includes(name));
  const top = wanted.lastIndexOf(true);
  if (top < 0) return null;
  let bottom = top;
  while (bottom > 0 && wanted[bottom - 1]) bottom--;
  if (onlyTls13 && top === VERSIONS.length - 1) bottom = top;
  return { bottom, top };
}

/**
 * OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 alone. That level would also let ciphers without a certificate or
 * without encryption in, which the levels above keep out. A level that the list itself names stays.
 */
function atLevel(older: string, isOld: boolean): string {
  if (!isOld || SECURITY_LEVEL.test(older)) return older;
  return `${older === '' ? 'DEFAULT' : older}:${NEVER}:@SECLEVEL=0`;
}

export function alpnArguments(word: 'alpn' | 'check-alpn', { alpnProtocols }: TlsSettings): Argument[] {
  const tokens = (alpnProtocols ?? []).filter((token) => ALPN_TOKENS.includes(token));
  return tokens.length === 0 ? [] : [word, tokens.join(',')];
}

export function tlsSettingArguments(settings: TlsSettings): Argument[] {
  const { tlsCiphers, tlsVersions } = settings;
  const { older, suites } = cipherLists(tlsCiphers ?? '');
  const range = versionRange(tlsVersions ?? [], older === '' && suites !== '');
  const ciphers = atLevel(older, range !== null && range.bottom <= NEWEST_OLD);
  return [
    ...(ciphers === '' ? [] : ['ciphers', value(ciphers)]),
    ...(suites === '' ? [] : ['ciphersuites', suites]),
    ...(range === null ? [] : ['ssl-min-ver', VERSIONS[range.bottom]![1], 'ssl-max-ver', VERSIONS[range.top]![1]]),
    ...alpnArguments('alpn', settings),
  ];
}
