import type { DriverModule } from '../../driver.ts';
import type { CertificateGenerator } from '../interface.ts';
import type { CertificateManager } from '../manager.ts';

export const generator: DriverModule<CertificateGenerator> = {
  async start({ config }) {
    const { NoopCertificateGenerator } = await import('./generator.ts');
    return new NoopCertificateGenerator({ validitySeconds: config.certificates.cert_validity_time });
  },
};

export const manager: DriverModule<CertificateManager> = {
  async start() {
    const { NoopCertificateManager } = await import('./manager.ts');
    return new NoopCertificateManager();
  },
};
