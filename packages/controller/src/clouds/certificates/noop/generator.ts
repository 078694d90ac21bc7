import type { CertificateGenerator, IssuedCertificate } from '../interface.ts';

export interface NoopCertificateOptions {
  validitySeconds?: number;
  now?: () => Date;
}

/** Hands out text that looks like PEM, for control planes without real amphorae. */
export class NoopCertificateGenerator implements CertificateGenerator {
  readonly name = 'noop_cert_generator';
  /** Amphora ids, in the order of the calls. */
  readonly issued: string[] = [];
  readonly #options: Required<NoopCertificateOptions>;

  constructor(options: NoopCertificateOptions = {}) {
    this.#options = { validitySeconds: 2_592_000, now: () => new Date(), ...options };
  }

  async issueServerCertificate(amphoraId: string): Promise<IssuedCertificate> {
    this.issued.push(amphoraId);
    const block = (label: string): string => `-----BEGIN ${label}-----\nbm9vcA==\n-----END ${label}-----\n`;
    return {
      certificate: block('CERTIFICATE'),
      privateKey: block('PRIVATE KEY'),
      expiresAt: new Date(this.#options.now().getTime() + this.#options.validitySeconds * 1000),
    };
  }

  async clientCa(): Promise<string> {
    return '-----BEGIN CERTIFICATE-----\nbm9vcA==\n-----END CERTIFICATE-----\n';
  }
}
