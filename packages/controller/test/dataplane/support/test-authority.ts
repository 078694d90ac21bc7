/** Certificates for tests: a CA that issues leaf certificates, CAs below itself, and revocation lists. */
import { randomBytes } from 'node:crypto';
import { generateKeys, type KeyPair, privateKeyPem } from '../../../src/clouds/certificates/local/keys.ts';
import { x509 } from '../../../src/tls/x509.ts';

const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const DAY = 86_400_000;

export interface IssuedPem {
  certificate: string;
  privateKey: string;
  serial: string;
}

export interface LeafInput {
  /** Names of the subject in order, e.g. `{ CN: 'www.example.com', OU: 'finance' }`. */
  subject: Record<string, string>;
  dnsNames?: string[];
  expired?: boolean;
}

const nameOf = (subject: Record<string, string>): x509.JsonName =>
  Object.entries(subject).map(([k, v]) => ({ [k]: [v] }));
const serialNumber = (): string => `4${randomBytes(15).toString('hex')}a`;
const pem = (item: { toString(format: 'pem'): string }): string => `${item.toString('pem')}\n`;

export class TestAuthority {
  readonly certificate: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: KeyPair;

  private constructor(certificate: x509.X509Certificate, keys: KeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.certificate = pem(certificate);
  }

  /** Self-signed, or signed by another authority. */
  static async create(commonName: string, issuer?: TestAuthority): Promise<TestAuthority> {
    const keys = await generateKeys('EC');
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: nameOf({ CN: commonName }),
      issuer: issuer === undefined ? nameOf({ CN: commonName }) : issuer.#certificate.subjectName,
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 30 * DAY),
      publicKey: keys.publicKey,
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new TestAuthority(certificate, keys);
  }

  async issue({ subject, dnsNames = [], expired = false }: LeafInput): Promise<IssuedPem> {
    const keys = await generateKeys('EC');
    const serial = serialNumber();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: nameOf(subject),
      issuer: this.#certificate.subjectName,
      notBefore: new Date(Date.now() - 3 * DAY),
      notAfter: new Date(Date.now() + (expired ? -1 : 20) * DAY),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        ...(dnsNames.length === 0
          ? []
          : [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value })))]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
      ],
    });
    return { certificate: pem(certificate), privateKey: await privateKeyPem(keys.privateKey), serial };
  }

  /** @param serials revoked certificates */
  async revocationList(serials: string[] = [], expired = false): Promise<string> {
    const crl = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subjectName,
      thisUpdate: new Date(Date.now() - 3 * DAY),
      nextUpdate: new Date(Date.now() + (expired ? -1 : 10) * DAY),
      entries: serials.map((serial) => ({ serialNumber: serial, revocationDate: new Date(Date.now() - DAY) })),
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING,
    });
    // The library writes a tag that OpenSSL does not know.
    return pem(crl).replaceAll(/(BEGIN|END) CRL/g, '$1 X509 CRL');
  }
}
