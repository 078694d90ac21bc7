/** What stands in a PEM text, and whether it fits together. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (RSA |EC )?PRIVATE KEY-----[^-]*-----END (RSA |EC )?PRIVATE KEY-----/;
const REVOCATION_LIST = /-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g;

/** Thrown for a text that cannot be used; the message is the contract's. */
export class PemError extends Error {}

function parse<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** In the order of the text; null for what is none behind its first line. */
function certificatesIn(pem: string): (X509Certificate | null)[] {
  return (pem.match(CERTIFICATE) ?? []).map((text) => parse(() => new X509Certificate(text)));
}

/**
 * The first certificate must belong to the (unencrypted) key. Controllers issue RSA or elliptic-curve keys; the text of the
 * refusal is the contract's, from the days of RSA alone. @throws PemError
 */
export function checkKeyPair(pem: string): void {
  const [certificate, ...chain] = certificatesIn(pem);
  if (!certificate || chain.includes(null)) throw new PemError('No certificate found');
  const key: KeyObject | null = parse(() => createPrivateKey(PRIVATE_KEY.exec(pem)?.[0] ?? ''));
  if (key?.asymmetricKeyType !== 'rsa' && key?.asymmetricKeyType !== 'ec') throw new PemError('No RSA key found');
  if (!certificate.checkPrivateKey(key)) throw new PemError('Certificate and key do not match');
}

/** Certificates of authorities, at least one. A private key does not belong there. @throws PemError */
export function readAuthorities(pem: string): X509Certificate[] {
  const found = certificatesIn(pem);
  if (found.length === 0 || found.includes(null)) throw new PemError('No certificate found');
  if (PRIVATE_KEY.test(pem)) throw new PemError('A private key among certificates of authorities');
  return found.filter((certificate) => certificate !== null);
}

/** HAProxy reads the content later; here it must be revocation lists at all. @throws PemError */
export function checkRevocationLists(pem: string): void {
  const bodies = [...pem.matchAll(REVOCATION_LIST)].map((match) => (match[1] ?? '').replace(/\s+/g, ''));
  const usable = bodies.length > 0 && bodies.every((body) => /^[A-Za-z0-9+/]+=*$/.test(body));
  if (!usable) throw new PemError('No certificate revocation list found');
}

export const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex');
