/**
 * What a list of ciphers comes to, by OpenSSL's own judgement: Node has the same OpenSSL that HAProxy has, near enough.
 * Measured with HAProxy 2.6 and OpenSSL 3.0: nobody gets in with TLS 1.0 or 1.1 above security level 0, or with a cipher that
 * wants another key than the certificate's.
 */
import { type AsymmetricKeyDetails, createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { SECURITY_LEVEL, TLS10_VERSIONS, type TlsSettings } from '../domain/validation/tls.ts';
import { OctaviaError } from '../errors.ts';

/** All that OpenSSL 3 has. An unknown name among them would make HAProxy refuse the whole file. */
const TLS13_SUITES: readonly string[] = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

/** Without a key, without encryption, or with a secret that nobody has agreed on. */
export const NEVER = '!aNULL:!eNULL';
const UNSUPPORTED = `${NEVER}:!PSK:!SRP`;

/** Ciphers that a key cannot sign for, by the type that Node calls it. */
const OTHER_KEYS: Record<string, string> = { rsa: ':!aECDSA:!aDSS', ec: ':!aRSA:!aDSS' };

/** Bits of security that OpenSSL wants at its levels 0 to 5, and of RSA keys the bits that have as many. */
const LEVELS = [
  { security: 0, rsa: 0 },
  { security: 80, rsa: 1024 },
  { security: 112, rsa: 2048 },
  { security: 128, rsa: 3072 },
  { security: 192, rsa: 7680 },
  { security: 256, rsa: 15360 },
];

/** Of elliptic curves, by OpenSSL's names. */
const CURVE_SECURITY: Record<string, number> = { prime256v1: 128, secp384r1: 192, secp521r1: 256 };

/** Whether a key is long enough for the level that a list of ciphers names. */
function isLongEnough(older: string, key: CertificateKey): boolean {
  const level = LEVELS[Number(SECURITY_LEVEL.exec(older)?.[1] ?? '0')] ?? LEVELS[5]!;
  const { modulusLength, namedCurve } = key.details ?? {};
  if (modulusLength !== undefined) return modulusLength >= level.rsa;
  return (CURVE_SECURITY[namedCurve ?? ''] ?? level.security) >= level.security;
}

/** A word that replaces the whole list by two ciphers for ECDSA keys, and the signatures of every version. */
const SUITE_B = /^SUITEB(128|192)/;

/** The list names suites of TLS 1.3 and ciphers of the versions before it together; HAProxy has a list for each. */
export function cipherLists(ciphers: string): { older: string; suites: string } {
  const names = ciphers.split(':').filter((name) => name !== '');
  return {
    older: names.filter((name) => !name.startsWith('TLS_')).join(':'),
    suites: names.filter((name) => TLS13_SUITES.includes(name)).join(':'),
  };
}

function hasMatch(older: string): boolean {
  try {
    createSecureContext({ ciphers: older, minVersion: 'TLSv1' });
    return true;
  } catch {
    return false;
  }
}

/** Whether OpenSSL finds at least one cipher in the list: of those for older versions it wants one when any is named. */
export function areKnownCiphers(ciphers: string): boolean {
  const { older, suites } = cipherLists(ciphers);
  return older === '' ? suites !== '' : hasMatch(older);
}

function isUsable(version: string, ciphers: string, key: CertificateKey | undefined): boolean {
  const { older, suites } = cipherLists(ciphers);
  if (SUITE_B.test(older) && key?.type === 'rsa') return false;
  // HAProxy has suites of its own for it, and every key will do.
  if (version === 'TLSv1.3') return true;
  if (key && !isLongEnough(older, key)) return false;
  const list = `${older === '' && suites === '' ? 'DEFAULT' : older}:${UNSUPPORTED}${OTHER_KEYS[key?.type ?? ''] ?? ''}`;
  if (!TLS10_VERSIONS.includes(version)) return hasMatch(list);
  const level = SECURITY_LEVEL.exec(older)?.[1] ?? '0';
  return level === '0' && hasMatch(`${list}:!TLSv1.2`);
}

export interface CertificateKey {
  /** As Node calls it. */
  type: string | undefined;
  /** Its length, or its curve. */
  details?: AsymmetricKeyDetails | undefined;
  /** How refusals call it. */
  ref: string;
}

export function certificateKey(pem: string, ref: string): CertificateKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem);
  return { type, details, ref };
}

/** Of the versions asked for, those that clients or members cannot be spoken to in, and how many are asked for. */
function unusableVersions({ tlsCiphers, tlsVersions }: TlsSettings, key: CertificateKey | undefined) {
  const asked = (tlsVersions ?? []).filter((version) => version !== 'SSLv3');
  const ciphers = tlsCiphers ?? '';
  // Lists of which nothing is known are the provider's matter.
  if (ciphers !== '' && !areKnownCiphers(ciphers)) return { asked, unusable: [] };
  return { asked, unusable: asked.filter((version) => !isUsable(version, ciphers, key)) };
}

function refusal(versions: readonly string[], key: CertificateKey | undefined): OctaviaError {
  const whose = key ? ` and the ${(key.type ?? 'unknown').toUpperCase()} key of ${key.ref}` : '';
  return new OctaviaError('CIPHERS_UNUSABLE', { versions: versions.join(', '), whose });
}

/**
 * What a request may say. Not every version needs a cipher: a list of suites of TLS 1.3 alone is meant so, and the list of
 * the configuration may know nothing for a kind of key. But whoever names an old version wants to be spoken to in it, and
 * whoever names ciphers wants one of them to be used.
 * @param isChosen the ciphers are the tenant's, not the configuration's
 * @throws OctaviaError CIPHERS_UNUSABLE
 */
export function requireUsableCiphers(settings: TlsSettings, isChosen: boolean, key?: CertificateKey): void {
  const { asked, unusable } = unusableVersions(settings, key);
  const namesOlder = isChosen && cipherLists(settings.tlsCiphers ?? '').older !== '';
  const matter = unusable.filter((version) => namesOlder || TLS10_VERSIONS.includes(version));
  const refused = unusable.length === asked.length ? unusable : matter;
  if (refused.length > 0) throw refusal(refused, key);
}

/** What can be served at all: in one version. @throws OctaviaError CIPHERS_UNUSABLE */
export function requireAnyCipher(settings: TlsSettings, key: CertificateKey): void {
  const { asked, unusable } = unusableVersions(settings, key);
  if (unusable.length > 0 && unusable.length === asked.length) throw refusal(unusable, key);
}
