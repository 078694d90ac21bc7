import { readFile, stat } from 'node:fs/promises';
import type { CertificateGenerator, IssuedCertificate, SigningAuthority } from '../interface.ts';
import { type CertificateAuthority, readAuthority } from './authority.ts';
import { type CertificateContext, makeServerCertificate, systemContext } from './certificate.ts';
import { generateKeys, type KeyKind, privateKeyPem, type SigningDigest } from './keys.ts';
import { signingAuthority } from './signing-authority.ts';

/** Paths and values as in `[certificates]`, `[controller_worker]` and `[haproxy_amphora]`. */
export interface LocalCertificateOptions {
  /** `ca_certificate`: the server CA. */
  caCertificate: string;
  /** `ca_private_key` */
  caPrivateKey: string;
  /** `ca_private_key_passphrase` */
  caPrivateKeyPassphrase?: string | null;
  /** `client_ca` */
  clientCa: string;
  /** `server_ca`: what services trust. Left out: the CA that signs. */
  serverCa?: string;
  /** `cert_validity_time`, seconds */
  validitySeconds: number;
  /** `signing_digest` */
  digest?: SigningDigest;
  /** Of the amphora's key. */
  keyKind?: KeyKind;
  context?: CertificateContext;
}

/** Differs after a file was written or replaced; a file that is missing is told of by whoever reads it. */
const identityOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ ino, mtimeMs, size }) => `${ino}/${mtimeMs}/${size}`,
    () => 'missing',
  );

/** Signs with a CA key that the controller can read. */
export class LocalCertificateGenerator implements CertificateGenerator {
  readonly name = 'local_cert_generator';
  readonly #options: LocalCertificateOptions;
  #authority: { files: string; opened: Promise<CertificateAuthority> } | null = null;

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

  authority(): Promise<SigningAuthority> {
    const { caCertificate, clientCa, serverCa = caCertificate } = this.#options;
    return signingAuthority({ caCertificate, clientCa, serverCa });
  }

  /** Read again when its files were replaced; a failure is not remembered. Neither needs a restart. */
  async #open(): Promise<CertificateAuthority> {
    const { caCertificate, caPrivateKey } = this.#options;
    const files = (await Promise.all([identityOf(caCertificate), identityOf(caPrivateKey)])).join(' ');
    if (this.#authority?.files === files) return this.#authority.opened;
    const opened = this.#read();
    const authority = { files, opened };
    this.#authority = authority;
    opened.catch(() => {
      if (this.#authority === authority) this.#authority = null;
    });
    return opened;
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
