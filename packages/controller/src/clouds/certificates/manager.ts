/** Reads tenants' certificates, keys, CA bundles and revocation lists where they are kept. One folder for each driver. */

import type { TlsBundle } from '../../tls/bundle.ts';
import type { Secret } from '../../tls/secret.ts';

export interface SecretReader {
  /** Whose object refers to the secret. */
  projectId: string;
  /** Who names the reference: must be able to see it, and gives the service access to it. Left out: it was named before. */
  caller?: { token: string; projectId: string | null };
}

export interface SettledUses {
  added: number;
  removed: number;
  /** Refused; tried again later. */
  failed: number;
  /** There is more to do. */
  isMore: boolean;
}

/** What a store knows of the use of its secrets, beside their content. */
export interface SecretUses {
  /** Begins to give back access that nothing in the project needs any longer, in the name of a user of the project. */
  release(projectId: string, token: string): void;
  /** Tells the store which objects use its secrets now. @throws OctaviaError when it cannot be told */
  settle(): Promise<SettledUses>;
  /** @throws OctaviaError when the store does not answer the service */
  reach(): Promise<void>;
  /** Resolves when what was begun is done. */
  stop(): Promise<void>;
}

export interface CertificateManager {
  readonly name: string;
  /** The material is made up: nothing follows from what kind of key it has. */
  readonly isMadeUp?: true;
  /** Left out: the store knows of none. */
  readonly uses?: SecretUses;
  /**
   * A certificate with its decrypted key, what `default_tls_container_ref` and `tls_container_ref` name.
   * @throws OctaviaError CERTIFICATE_UNREADABLE, CERTIFICATE_FORBIDDEN, PKCS12_UNREADABLE, CERTIFICATE_UNUSABLE; when the store
   *   does not answer OPENSTACK_UNAVAILABLE
   */
  getCertificate(ref: string, reader: SecretReader): Promise<TlsBundle>;
  /** A PEM text without a key: authorities or a revocation list. @throws OctaviaError as `getCertificate` */
  getSecret(ref: string, reader: SecretReader): Promise<Secret>;
}
