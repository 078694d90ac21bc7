import type { ConfigValues } from '../../../config/index.ts';
import { type DriverModule, unknownChoice } from '../../driver.ts';
import type { CertificateGenerator } from '../interface.ts';
import type { CertificateManager } from '../manager.ts';
import type { SigningDigest } from './keys.ts';

const DIGESTS: readonly SigningDigest[] = ['sha256', 'sha384', 'sha512'];

function signingDigest(name: string): SigningDigest {
  const digest = DIGESTS.find((candidate) => candidate === name);
  if (!digest) throw unknownChoice('[certificates] signing_digest', name, DIGESTS);
  return digest;
}

const filesOf = ({ certificates, controller_worker, haproxy_amphora }: ConfigValues) => ({
  caCertificate: certificates.ca_certificate,
  serverCa: haproxy_amphora.server_ca,
  clientCa: controller_worker.client_ca,
});

export const generator: DriverModule<CertificateGenerator> = {
  needs: ['[certificates] ca_certificate', '[certificates] ca_private_key', '[controller_worker] client_ca'],
  async start({ config }) {
    const { LocalCertificateGenerator } = await import('./generator.ts');
    const { ca_private_key, ca_private_key_passphrase, cert_validity_time, signing_digest } = config.certificates;
    return new LocalCertificateGenerator({
      ...filesOf(config),
      caPrivateKey: ca_private_key,
      caPrivateKeyPassphrase: ca_private_key_passphrase,
      validitySeconds: cert_validity_time,
      digest: signingDigest(signing_digest),
    });
  },
  async health(_driver, { config }) {
    const { controlPlaneCertificates } = await import('./health.ts');
    const files = { ...filesOf(config), clientCertificate: config.haproxy_amphora.client_cert };
    return controlPlaneCertificates(files, new Date());
  },
};

export const manager: DriverModule<CertificateManager> = {
  needs: ['[certificates] storage_path'],
  async start({ config }) {
    const { LocalCertificateManager } = await import('./manager.ts');
    return new LocalCertificateManager(config.certificates.storage_path);
  },
  async health(_driver, { config }) {
    const { CertificateStorage } = await import('./storage.ts');
    const folder = config.certificates.storage_path;
    const { length } = await new CertificateStorage(folder).list();
    return [{ result: 'success', details: `${length} stored in ${folder}` }];
  },
};
