/** Reads tenants' certificates, keys, CA bundles and revocation lists where they are kept. One folder for each driver. */

import type { TlsBundle } from '../../tls/bundle.ts';
import type { Secret } from '../../tls/secret.ts';

export interface SecretReader {
  /** Whose object refers to the secret. */
  projectId: string;
}

export interface CertificateManager {
  readonly name: string;
  /** The material is made up: nothing follows from what kind of key it has. */
  readonly isMadeUp?: true;
  /**
   * A certificate with its decrypted key, what `default_tls_container_ref` and `tls_container_ref` name.
   * @throws OctaviaError CERTIFICATE_UNREADABLE, PKCS12_UNREADABLE, CERTIFICATE_UNUSABLE
   */
  getCertificate(ref: string, reader: SecretReader): Promise<TlsBundle>;
  /** A PEM text without a key: authorities or a revocation list. @throws OctaviaError CERTIFICATE_UNREADABLE */
  getSecret(ref: string, reader: SecretReader): Promise<Secret>;
}
