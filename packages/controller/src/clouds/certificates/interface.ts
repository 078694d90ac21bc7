/** Issues the server certificates of amphorae and hands out the CA the amphora must trust. */

export interface IssuedCertificate {
  /** PEM: certificate followed by its chain. */
  certificate: string;
  /** PEM, PKCS#8, unencrypted. A secret: never log. */
  privateKey: string;
  expiresAt: Date;
}

export interface CertificateGenerator {
  readonly name: string;
  /** A fresh key and a server certificate for one amphora: CN and SAN are the amphora id. */
  issueServerCertificate(amphoraId: string): Promise<IssuedCertificate>;
  /** PEM of the CA that signs controller client certificates (what the agent trusts). */
  clientCa(): Promise<string>;
}
