/** Certificates of authorities, and the lists of what they revoked. */
import { verify, X509Certificate } from 'node:crypto';
import { child, children, type Node, objectId, parse } from './der.ts';
import { pemBlocks } from './pem.ts';

/** @throws Error with words for the tenant when the text holds no certificate, or one that cannot be read */
export function readAuthorities(pem: string): X509Certificate[] {
  const blocks = pemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw new Error('no PEM certificate found');
  return blocks.map(({ der }) => {
    try {
      return new X509Certificate(der);
    } catch {
      throw new Error('a certificate cannot be decoded');
    }
  });
}

/** The parts of a CRL that say who vouches for it. */
export interface RevocationList {
  signed: Buffer;
  /** DER of the name. */
  issuer: Buffer;
  algorithm: string;
  signature: Buffer;
  /** When it stops to count. */
  nextUpdate: Date | null;
}

const CRL_LABEL = 'X509 CRL';
const SEQUENCE = 16;

const DIGESTS: Record<string, string> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** The n-th sequence inside, whatever stands between them. */
function sequence(node: Node, index: number): Node {
  const found = children(node).filter(({ class: kind, tag }) => kind === 0 && tag === SEQUENCE)[index];
  if (found === undefined) throw new Error('a part is missing');
  return found;
}

const UTC_TIME = 23;
const GENERALIZED_TIME = 24;

/** RFC 5280, 4.1.2.5: two digits of a year are of 1950 to 2049. */
function readTime({ tag, content }: Node): Date {
  const text = content.toString('latin1');
  const full = tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;
  return new Date(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** RFC 5280, 5.1: tbsCertList (version, algorithm, issuer, …), algorithm, signature. */
function readList(der: Buffer): RevocationList {
  const list = parse(der);
  const signed = child(list, 0);
  const times = children(signed).filter(
    ({ class: kind, tag }) => kind === 0 && (tag === UTC_TIME || tag === GENERALIZED_TIME),
  );
  return {
    signed: signed.raw,
    issuer: sequence(signed, 1).raw,
    algorithm: objectId(child(child(list, 1), 0)),
    // The first byte of a bit string counts unused bits.
    signature: child(list, 2).content.subarray(1),
    // The first is thisUpdate.
    nextUpdate: times[1] === undefined ? null : readTime(times[1]),
  };
}

/** @throws Error with words for the tenant */
export function readRevocationLists(pem: string): RevocationList[] {
  const blocks = pemBlocks(pem).filter(({ label }) => label === CRL_LABEL);
  if (blocks.length === 0) throw new Error('no PEM certificate revocation list found');
  return blocks.map(({ der }) => {
    try {
      return readList(der);
    } catch {
      throw new Error('a certificate revocation list cannot be decoded');
    }
  });
}

/** @throws Error with words for whoever stores the lists, when one of them has expired: HAProxy then lets no client in */
export function requireCurrent(lists: readonly RevocationList[]): void {
  const expired = lists.find(({ nextUpdate }) => nextUpdate !== null && nextUpdate.getTime() < Date.now());
  if (expired === undefined) return;
  const day = expired.nextUpdate?.toISOString().slice(0, 10);
  throw new Error(
    `a certificate revocation list expired on ${day}, and no client would be let in; get the authority's new one`,
  );
}

/** tbsCertificate: version, serial number, algorithm, issuer, validity, subject. */
export const subjectOf = (certificate: X509Certificate): Node => sequence(child(parse(certificate.raw), 0), 3);

/** By name, and by signature where the algorithm is a common one. */
export function isIssuedBy(list: RevocationList, authority: X509Certificate): boolean {
  if (!subjectOf(authority).raw.equals(list.issuer)) return false;
  const digest = DIGESTS[list.algorithm];
  return digest === undefined || verify(digest, list.signed, authority.publicKey, list.signature);
}
