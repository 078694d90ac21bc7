import { X509Certificate } from 'node:crypto';
import { child, children, type Node, objectId } from './der.ts';
import { subjectOf } from './trust.ts';

export interface CertificateNames {
  /** Common names of the subject, the primary one first. */
  commonNames: string[];
  /** DNS names of the subject's alternative names. */
  dnsNames: string[];
}

const COMMON_NAME = '2.5.4.3';
const BMP_STRING = 30;
const UTF8_STRING = 12;

function stringOf({ tag, content }: Node): string {
  if (tag !== BMP_STRING) return content.toString(tag === UTF8_STRING ? 'utf8' : 'latin1');
  return Buffer.from(content.subarray(0, content.length & ~1))
    .swap16()
    .toString('utf16le');
}

/** From the DER: `toLegacyObject` ends the process on curves that have no name of NIST, and `subject` is one text. */
function commonNamesOf(certificate: X509Certificate): string[] {
  const attributes = children(subjectOf(certificate)).flatMap(children);
  return attributes
    .filter((attribute) => objectId(child(attribute, 0)) === COMMON_NAME)
    .map((attribute) => stringOf(child(attribute, 1)));
}

export function certificateNames(pem: string): CertificateNames {
  const certificate = new X509Certificate(pem);
  const dnsNames = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  return { commonNames: commonNamesOf(certificate), dnsNames };
}
