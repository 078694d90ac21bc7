/** A certificate authority: made here, or read from an operator's files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { OctaviaError } from '../../../errors.ts';
import { x509 } from '../../tls-material/x509.ts';
import { type CertificateContext, type Issuer, makeCaCertificate, systemContext } from './certificate.ts';
import {
  generateKeys,
  type KeyKind,
  privateKeyPem,
  readSigningKey,
  type SigningDigest,
  signingAlgorithm,
} from './keys.ts';

/** 7300 days, as the operators' guide makes its CAs. */
export const AUTHORITY_VALIDITY_SECONDS = 7300 * 86_400;

export interface CertificateAuthority extends Issuer {
  /** The CA certificate, with its chain when the CA is not a root. */
  certificatePem: string;
}

export interface NewAuthority extends CertificateAuthority {
  /** PKCS#8, unencrypted. A secret. */
  privateKeyPem: string;
}

export interface AuthorityOptions {
  /** Common name. */
  name: string;
  keyKind?: KeyKind;
  validitySeconds?: number;
  digest?: SigningDigest;
  context?: CertificateContext;
}

/** Makes a self-signed CA with a fresh key (EC P-256 unless asked for RSA). */
export async function createCertificateAuthority(options: AuthorityOptions): Promise<NewAuthority> {
  const { keyKind = 'EC', validitySeconds = AUTHORITY_VALIDITY_SECONDS, digest = 'sha256' } = options;
  const keys = await generateKeys(keyKind);
  const key = { ...keys, algorithm: signingAlgorithm(keys.privateKey, digest) };
  const certificate = await makeCaCertificate(options.name, key, validitySeconds, options.context ?? systemContext);
  return {
    certificate,
    key,
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: await privateKeyPem(keys.privateKey),
  };
}

export interface AuthorityFiles {
  certificatePem: string;
  privateKeyPem: string;
  /** `[certificates] ca_private_key_passphrase` */
  passphrase: string | null;
  digest: SigningDigest;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Reads a CA. The first certificate of the file is the CA's own.
 *
 * @param what how to call the files in an error, e.g. their paths
 * @throws OctaviaError STARTUP when the key cannot be opened or does not belong to the certificate
 */
export async function readAuthority(files: AuthorityFiles, what: string): Promise<CertificateAuthority> {
  const { certificatePem, privateKeyPem: keyPem, passphrase, digest } = files;
  try {
    const own = new X509Certificate(certificatePem);
    const key = await readSigningKey(keyPem, passphrase, digest);
    if (!own.ca) throw new Error('the certificate is not one of a CA (CA:TRUE)');
    if (!own.checkPrivateKey(createPrivateKey(passphrase === null ? keyPem : { key: keyPem, passphrase }))) {
      throw new Error('the key does not belong to the certificate');
    }
    return { certificate: new x509.X509Certificate(own.raw), key, certificatePem };
  } catch (error) {
    const detail = `Certificate authority ${what} cannot be used: ${message(error)}`;
    throw new OctaviaError('STARTUP', { detail }, { cause: error });
  }
}
