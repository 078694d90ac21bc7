/** A certificate authority, read from its files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { OctaviaError } from '../../../errors.ts';
import { x509 } from '../../../tls/x509.ts';
import type { Issuer } from './certificate.ts';
import { readSigningKey, type SigningDigest } from './keys.ts';

export interface CertificateAuthority extends Issuer {
  /** The CA certificate, with its chain when the CA is not a root. */
  certificatePem: string;
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
 * @throws OctaviaError AUTHORITY_UNUSABLE when the key cannot be opened or does not belong to the certificate
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
    throw new OctaviaError('AUTHORITY_UNUSABLE', { files: what, reason: message(error) }, { cause: error });
  }
}
