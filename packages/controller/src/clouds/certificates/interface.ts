/** Issues the server certificates of amphorae and hands out the CA the amphora must trust. */

/** The authority that signs certificates of amphorae now. */
export interface SigningAuthority {
  /** Of all that a rotation brings to an agent: another one means that agents have to get something new. */
  fingerprint: string;
  subject: string;
  expiresAt: Date;
  /** False: services would not trust what it signs. */
  trusted: boolean;
}

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
  /** Read afresh. Left out: nobody here signs anything. @throws Error that names the file which is missing or unusable */
  authority?(): Promise<SigningAuthority>;
}
