import type { DriverModule } from '../../driver.ts';
import type { CertificateManager } from '../manager.ts';

const SENTENCE = 'this release cannot read Barbican, TLS references are refused';

/** What `barbican_cert_manager` is in this release: as without any store, no reference can be read. */
export const manager: DriverModule<CertificateManager> = {
  async start({ log }) {
    const { UnconfiguredCertificateManager } = await import('./manager.ts');
    log.info({}, `[certificates] cert_manager = barbican_cert_manager: ${SENTENCE}`);
    return new UnconfiguredCertificateManager();
  },
  async health() {
    return [{ result: 'success', details: `None: ${SENTENCE}` }];
  },
};
