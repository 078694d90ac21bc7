import { readFile } from 'node:fs/promises';
import type { CertificateGenerator, IssuedCertificate } from '../interface.ts';
import { type CertificateAuthority, readAuthority } from './authority.ts';
import { type CertificateContext, makeServerCertificate, systemContext } from './certificate.ts';
import { generateKeys, type KeyKind, privateKeyPem, type SigningDigest } from './keys.ts';

/** Paths and values as in `[certificates]` and `[controller_worker] client_ca`. */
export interface LocalCertificateOptions {
  /** `ca_certificate`: the server CA. */
  caCertificate: string;
  /** `ca_private_key` */
  caPrivateKey: string;
  /** `ca_private_key_passphrase` */
  caPrivateKeyPassphrase?: string | null;
  /** `client_ca` */
  clientCa: string;
  /** `cert_validity_time`, seconds */
  validitySeconds: number;
  /** `signing_digest` */
  digest?: SigningDigest;
  /** Of the amphora's key. */
  keyKind?: KeyKind;
  context?: CertificateContext;
}

/** Signs with a CA key that the controller can read. */
export class LocalCertificateGenerator implements CertificateGenerator {
  readonly name = 'local_cert_generator';
  readonly #options: LocalCertificateOptions;
  #authority: Promise<CertificateAuthority> | null = null;

  constructor(options: LocalCertificateOptions) {
    this.#options = options;
  }

  async issueServerCertificate(amphoraId: string): Promise<IssuedCertificate> {
    const { validitySeconds, keyKind = 'EC', context = systemContext } = this.#options;
    const authority = await this.#open();
    const keys = await generateKeys(keyKind);
    const certificate = await makeServerCertificate(amphoraId, keys, validitySeconds, authority, context);
    const isRoot = authority.certificate.subject === authority.certificate.issuer;
    return {
      certificate: `${certificate.toString('pem')}\n${isRoot ? '' : authority.certificatePem}`,
      privateKey: await privateKeyPem(keys.privateKey),
      expiresAt: certificate.notAfter,
    };
  }

  async clientCa(): Promise<string> {
    return readFile(this.#options.clientCa, 'utf8');
  }

  /** The CA key is read once; a failure is not remembered, so that a corrected file works without a restart. */
  #open(): Promise<CertificateAuthority> {
    this.#authority ??= this.#read().catch((error: unknown) => {
      this.#authority = null;
      throw error;
    });
    return this.#authority;
  }

  async #read(): Promise<CertificateAuthority> {
    const { caCertificate, caPrivateKey, caPrivateKeyPassphrase = null, digest = 'sha256' } = this.#options;
    const [certificatePem, keyPem] = await Promise.all([
      readFile(caCertificate, 'utf8'),
      readFile(caPrivateKey, 'utf8'),
    ]);
    const files = { certificatePem, privateKeyPem: keyPem, passphrase: caPrivateKeyPassphrase, digest };
    return readAuthority(files, `${caCertificate} with ${caPrivateKey}`);
  }
}
