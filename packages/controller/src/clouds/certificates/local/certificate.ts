/** The three kinds of certificates (CA, amphora server, controller client) and their extensions. */
import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { x509 } from '../../../tls/x509.ts';
import type { KeyPair, SigningKey } from './keys.ts';

/** What certificates depend on beside keys; passed in so that tests can say what time it is. */
export interface CertificateContext {
  now: () => Date;
  randomBytes: (size: number) => Uint8Array;
}

export const systemContext: CertificateContext = { now: () => new Date(), randomBytes: nodeRandomBytes };

export interface Issuer {
  certificate: x509.X509Certificate;
  key: SigningKey;
}

/** Clocks of controller and amphora may differ; a certificate of now must be valid on a clock that is behind. */
const BACKDATE_MS = 5 * 60_000;

const { digitalSignature, cRLSign, keyCertSign, keyEncipherment, nonRepudiation } = x509.KeyUsageFlags;

/** 16 random bytes, positive and not zero as RFC 5280 demands. */
function serialNumber(context: CertificateContext): string {
  const bytes = Buffer.from(context.randomBytes(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function validity(context: CertificateContext, seconds: number): { notBefore: Date; notAfter: Date } {
  // X.509 times have no fractions.
  const now = Math.floor(context.now().getTime() / 1000) * 1000;
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + seconds * 1000) };
}

/** As a list of attributes, which needs no escaping. */
const commonName = (name: string): x509.JsonName => [{ CN: [name] }];

/** Self-signed, with the extensions of the `v3_ca` profile. */
export async function makeCaCertificate(
  name: string,
  key: SigningKey,
  seconds: number,
  context: CertificateContext,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(context),
    name: commonName(name),
    ...validity(context, seconds),
    keys: key,
    signingAlgorithm: key.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | cRLSign | keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(key.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(key.publicKey),
    ],
  });
}

interface LeafRequest {
  name: string;
  keys: KeyPair;
  seconds: number;
  extensions: x509.Extension[];
}

async function makeLeaf(
  request: LeafRequest,
  issuer: Issuer,
  context: CertificateContext,
): Promise<x509.X509Certificate> {
  const { notBefore, notAfter } = validity(context, request.seconds);
  const last = issuer.certificate.notAfter;
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(context),
    subject: commonName(request.name),
    issuer: issuer.certificate.subjectName,
    notBefore,
    // Nobody would trust it any longer than its issuer.
    notAfter: new Date(Math.min(notAfter.getTime(), last.getTime())),
    publicKey: request.keys.publicKey,
    signingKey: issuer.key.privateKey,
    signingAlgorithm: issuer.key.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      ...request.extensions,
      await x509.SubjectKeyIdentifierExtension.create(request.keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.key.publicKey),
    ],
  });
}

/** Profile `server_cert`; the name is also the only alternative name, since modern clients look at nothing else. */
export function makeServerCertificate(
  name: string,
  keys: KeyPair,
  seconds: number,
  issuer: Issuer,
  context: CertificateContext,
): Promise<x509.X509Certificate> {
  const extensions = [
    new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
  ];
  return makeLeaf({ name, keys, seconds, extensions }, issuer, context);
}

/** Profile `usr_cert`. */
export function makeClientCertificate(
  name: string,
  keys: KeyPair,
  seconds: number,
  issuer: Issuer,
  context: CertificateContext,
): Promise<x509.X509Certificate> {
  const extensions = [
    new x509.KeyUsagesExtension(nonRepudiation | digitalSignature | keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.emailProtection]),
  ];
  return makeLeaf({ name, keys, seconds, extensions }, issuer, context);
}
