import { webcrypto } from 'node:crypto';
import { bundleOf, type TlsBundle } from '../../../tls/bundle.ts';
import { toPem } from '../../../tls/pem.ts';
import { Secret } from '../../../tls/secret.ts';
import { x509 } from '../../../tls/x509.ts';
import type { CertificateManager } from '../manager.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const YEAR_MS = 365 * 86_400_000;

interface Material {
  bundle: TlsBundle;
  /** A CA and its empty revocation list in one text: either reader finds what it looks for. */
  trust: Secret;
}

async function makeMaterial(): Promise<Material> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const notAfter = new Date(Date.now() + YEAR_MS);
  const common = { signingAlgorithm: ALGORITHM };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    name: [{ CN: ['noop.example.com'] }],
    notAfter,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const crl = await x509.X509CrlGenerator.create({
    ...common,
    issuer: certificate.subjectName,
    nextUpdate: notAfter,
    entries: [],
    signingKey: keys.privateKey,
  });
  const pem = toPem('CERTIFICATE', Buffer.from(certificate.rawData));
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    bundle: bundleOf(pem, new Secret(toPem('PRIVATE KEY', pkcs8)), null, undefined),
    trust: new Secret(pem + toPem('X509 CRL', Buffer.from(crl.rawData))),
  };
}

/** Every reference leads to the same certificate, made for this process alone. For control planes without amphorae. */
export class NoopCertificateManager implements CertificateManager {
  readonly name = 'noop_cert_manager';
  readonly isMadeUp = true;
  #material: Promise<Material> | null = null;

  async getCertificate(): Promise<TlsBundle> {
    return (await this.#get()).bundle;
  }

  async getSecret(): Promise<Secret> {
    return (await this.#get()).trust;
  }

  #get(): Promise<Material> {
    this.#material ??= makeMaterial();
    return this.#material;
  }
}
