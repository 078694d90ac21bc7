import { OctaviaError } from '../../../errors.ts';
import type { CertificateManager } from '../manager.ts';

/** Where no certificate store is configured: no reference leads anywhere. */
export class UnconfiguredCertificateManager implements CertificateManager {
  readonly name = 'none';

  async getCertificate(ref: string): Promise<never> {
    throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
  }

  async getSecret(ref: string): Promise<never> {
    throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
  }
}
