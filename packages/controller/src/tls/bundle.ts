/** A certificate with its key and its intermediates, from whatever people have: PEM, PKCS#12, PKCS#7 inside of either. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { OctaviaError } from '../errors.ts';
import { DerError } from './der.ts';
import { type PemBlock, pemBlocks, toPem } from './pem.ts';
import { readPkcs7, readPkcs12, WrongPassphrase } from './pkcs12.ts';
import { Secret } from './secret.ts';

export interface TlsBundle {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS#8, not encrypted. */
  privateKey: Secret;
  /** PEM, in the order of the chain: who signed the certificate first. */
  intermediates: string[];
}

const PKCS7_LABELS = ['PKCS7', 'CMS'];
const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];

const unusable = (detail: string, cause?: unknown): OctaviaError =>
  new OctaviaError('CERTIFICATE_UNUSABLE', { detail }, { cause });

const isKey = ({ label }: PemBlock): boolean => label.endsWith('PRIVATE KEY');

function certificateOf(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw unusable('It holds a certificate that cannot be read.', error);
  }
}

function certificatesOf(block: PemBlock): X509Certificate[] {
  if (CERTIFICATE_LABELS.includes(block.label)) return [certificateOf(block.der)];
  if (!PKCS7_LABELS.includes(block.label)) return [];
  try {
    return readPkcs7(block.der).map(certificateOf);
  } catch (error) {
    if (error instanceof DerError) throw unusable('It holds a PKCS#7 block that cannot be read.', error);
    throw error;
  }
}

/** All certificates in a text or in DER of PKCS#7 or of a single certificate, in the order in which they stand. */
function readCertificates(bytes: Buffer): X509Certificate[] {
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN ')) return pemBlocks(text).flatMap(certificatesOf);
  if (bytes.length === 0) return [];
  try {
    return readPkcs7(bytes).map(certificateOf);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [certificateOf(bytes)];
  }
}

function keyOf(block: PemBlock, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? block.text : { key: block.text, passphrase });
  } catch (error) {
    const encrypted = block.label.startsWith('ENCRYPTED') || block.text.includes('ENCRYPTED');
    throw unusable(
      encrypted ? 'Its private key needs a pass phrase.' : 'Its private key cannot be read.',
      // The reason of OpenSSL could quote what it read.
      encrypted ? undefined : (error as NodeJS.ErrnoException).code,
    );
  }
}

/** Each certificate is followed by the one that signed it; what does not belong to the chain comes last, as it stood. */
function inChainOrder(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const left = [...others];
  const chain: X509Certificate[] = [];
  for (let current = leaf; ; ) {
    const index = left.findIndex((candidate) => current.checkIssued(candidate));
    const [issuer] = index < 0 ? [] : left.splice(index, 1);
    if (issuer === undefined) return [...chain, ...left];
    chain.push(issuer);
    current = issuer;
  }
}

/** The leaf is the certificate that the key belongs to, wherever it stands. */
function assemble(key: KeyObject, certificates: readonly X509Certificate[]): TlsBundle {
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') {
    throw unusable('Its private key is neither RSA nor on an elliptic curve.');
  }
  if (certificates.length === 0) throw unusable('It holds no certificate.');
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) throw unusable('Its private key does not belong to its certificate.');
  const others = certificates.filter(({ fingerprint256 }) => fingerprint256 !== leaf.fingerprint256);
  return {
    certificate: toPem('CERTIFICATE', leaf.raw),
    privateKey: new Secret(key.export({ format: 'pem', type: 'pkcs8' }).toString()),
    intermediates: inChainOrder(leaf, others).map(({ raw }) => toPem('CERTIFICATE', raw)),
  };
}

function fromPem(text: string, passphrase: string | undefined): TlsBundle {
  const blocks = pemBlocks(text);
  const block = blocks.find(isKey);
  if (block === undefined) throw unusable('It holds no private key.');
  return assemble(keyOf(block, passphrase), blocks.flatMap(certificatesOf));
}

function fromPkcs12(bytes: Buffer, passphrase: string | undefined): TlsBundle {
  try {
    const { keys, certificates } = readPkcs12(bytes, passphrase);
    const [der] = keys;
    if (der === undefined) throw unusable('It holds no private key.');
    return assemble(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }), certificates.map(certificateOf));
  } catch (error) {
    if (error instanceof OctaviaError) throw error;
    const known = error instanceof DerError || error instanceof WrongPassphrase;
    throw new OctaviaError('PKCS12_UNREADABLE', {}, known ? { cause: error } : {});
  }
}

/**
 * @param bytes PEM (certificate, key and intermediates in any order) or PKCS#12 in DER
 * @throws OctaviaError PKCS12_UNREADABLE, CERTIFICATE_UNUSABLE
 */
export function readBundle(bytes: Buffer, passphrase?: string): TlsBundle {
  const text = bytes.toString('latin1');
  return text.includes('-----BEGIN ') ? fromPem(text, passphrase) : fromPkcs12(bytes, passphrase);
}

/** Parts that are stored apart. @throws OctaviaError CERTIFICATE_UNUSABLE */
export function bundleOf(
  certificate: string,
  key: Secret,
  intermediates: Buffer | null,
  passphrase: string | undefined,
): TlsBundle {
  const block = pemBlocks(key.reveal()).find(isKey);
  if (block === undefined) throw unusable('It holds no private key.');
  const certificates = readCertificates(Buffer.from(certificate, 'latin1'));
  const more = intermediates === null ? [] : readCertificates(intermediates);
  return assemble(keyOf(block, passphrase), [...certificates, ...more]);
}

/** What HAProxy reads: certificate, key, intermediates. */
export function combinedPem({ certificate, privateKey, intermediates }: TlsBundle): Secret {
  return new Secret([certificate, privateKey.reveal(), ...intermediates].join(''));
}
