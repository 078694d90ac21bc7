import { OctaviaError } from '../../../errors.ts';
import { bundleOf, type TlsBundle } from '../../../tls/bundle.ts';
import { Secret } from '../../../tls/secret.ts';
import type { CertificateManager, SecretReader } from '../manager.ts';
import { CertificateStorage, type StoredSecret } from './storage.ts';

/** Certificates in files of this host. API and workers must see the same folder. */
export class LocalCertificateManager implements CertificateManager {
  readonly name = 'local_cert_manager';
  readonly #storage: CertificateStorage;

  /** @param folder `[certificates] storage_path` */
  constructor(folder: string) {
    this.#storage = new CertificateStorage(folder);
  }

  async getCertificate(ref: string, reader: SecretReader): Promise<TlsBundle> {
    const stored = await this.#read(ref, reader);
    // A reference to a CA where a certificate with its key belongs.
    if (stored.key === null) throw new OctaviaError('CERTIFICATE_UNUSABLE', { detail: 'It holds no private key.' });
    return bundleOf(stored.certificate, stored.key, stored.intermediates, stored.passphrase?.reveal());
  }

  async getSecret(ref: string, reader: SecretReader): Promise<Secret> {
    return new Secret((await this.#read(ref, reader)).certificate);
  }

  /** What another project keeps for itself looks as if it were not there. */
  async #read(ref: string, { projectId }: SecretReader): Promise<StoredSecret> {
    let stored: StoredSecret | null;
    try {
      stored = await this.#storage.read(ref);
    } catch (cause) {
      throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref }, { cause });
    }
    if (stored === null || (stored.project !== null && stored.project !== projectId)) {
      throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
    }
    return stored;
  }
}
