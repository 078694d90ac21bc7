import { OctaviaError } from '../../../errors.ts';
import type { CertificateManager } from '../manager.ts';

/** Where nobody can log in at Barbican: no reference leads anywhere. */
export class UnconfiguredCertificateManager implements CertificateManager {
  readonly name = 'none';

  async getCertificate(ref: string): Promise<never> {
    throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
  }

  async getSecret(ref: string): Promise<never> {
    throw new OctaviaError('CERTIFICATE_UNREADABLE', { refs: ref });
  }
}
