import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SigningAuthority } from '../interface.ts';

/** Files of the control plane. */
export interface AuthorityFilePaths {
  /** `[certificates] ca_certificate` */
  caCertificate: string;
  /** `[haproxy_amphora] server_ca` */
  serverCa: string;
  /** `[controller_worker] client_ca` */
  clientCa: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function certificatesIn(text: string): X509Certificate[] {
  return [...text.matchAll(PEM)].map(([pem]) => new X509Certificate(pem));
}

async function certificatesOf(file: string, option: string): Promise<X509Certificate[]> {
  let found: X509Certificate[];
  try {
    found = certificatesIn(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`${option} = ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (found.length === 0) throw new Error(`${option} = ${file} holds no certificate`);
  return found;
}

/**
 * The authority that signs certificates of amphorae now, read afresh from its file. Its fingerprint also covers the authorities
 * whose clients agents let in: a rotation brings those along.
 * @throws Error that names the file which is missing or unusable
 */
export async function signingAuthority(files: AuthorityFilePaths): Promise<SigningAuthority> {
  const chain = await certificatesOf(files.caCertificate, '[certificates] ca_certificate');
  const trusted = await certificatesOf(files.serverCa, '[haproxy_amphora] server_ca');
  const clients = await certificatesOf(files.clientCa, '[controller_worker] client_ca');
  const [own] = chain as [X509Certificate];
  const inForce = createHash('sha256').update(own.raw);
  for (const { raw } of clients) inForce.update(raw);
  const isTrusted = (certificate: X509Certificate): boolean =>
    trusted.some(
      (anchor) =>
        anchor.raw.equals(certificate.raw) || (certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey)),
    );
  return {
    fingerprint: inForce.digest('hex'),
    subject: own.subject.replaceAll('\n', ', '),
    expiresAt: new Date(own.validTo),
    // The chain of an intermediate leads to what is trusted.
    trusted: chain.some(isTrusted),
  };
}
