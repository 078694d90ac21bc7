import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import type { SigningAuthority } from '../housekeeping/certificate-rotation.ts';

type Settings = Pick<Config, 'certificates' | 'haproxy_amphora' | 'controller_worker'>;

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
 * The authority that signs certificates of amphorae now, read afresh from its file. Null with the no-op generator. Its
 * fingerprint also covers the authorities whose clients agents let in: a rotation brings those along.
 * @throws Error that names the file which is missing or unusable
 */
export async function signingAuthority(settings: Settings): Promise<SigningAuthority | null> {
  const { certificates, haproxy_amphora, controller_worker } = settings;
  if (certificates.cert_generator !== 'local_cert_generator') return null;
  const chain = await certificatesOf(certificates.ca_certificate, '[certificates] ca_certificate');
  const trusted = await certificatesOf(haproxy_amphora.server_ca, '[haproxy_amphora] server_ca');
  const clients = await certificatesOf(controller_worker.client_ca, '[controller_worker] client_ca');
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
