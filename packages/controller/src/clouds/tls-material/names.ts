import { X509Certificate } from 'node:crypto';

export interface CertificateNames {
  /** Common names of the subject, the primary one first. */
  commonNames: string[];
  /** DNS names of the subject's alternative names. */
  dnsNames: string[];
}

export function certificateNames(pem: string): CertificateNames {
  const certificate = new X509Certificate(pem);
  const { subject } = certificate.toLegacyObject() as { subject?: { CN?: string | string[] } };
  const dnsNames = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  return { commonNames: [subject?.CN ?? []].flat(), dnsNames };
}
