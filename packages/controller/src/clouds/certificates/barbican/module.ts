import { type DriverContext, type DriverModule, unknownChoice } from '../../driver.ts';
import type { CertificateManager } from '../manager.ts';

const AUTH = 'barbican_acl_auth';

async function start(name: string, { config, log, database, openStack }: DriverContext): Promise<CertificateManager> {
  const { barbican_auth } = config.certificates;
  if (barbican_auth !== AUTH) throw unknownChoice('[certificates] barbican_auth', barbican_auth, [AUTH]);
  const { namesLogin } = await import('../../openstack/settings.ts');
  if (!namesLogin(config)) {
    const { UnconfiguredCertificateManager } = await import('./unconfigured.ts');
    log.info({}, `[certificates] cert_manager = ${name}: ${NOBODY}`);
    return new UnconfiguredCertificateManager();
  }
  const { Barbican } = await import('../../openstack/barbican.ts');
  const { BarbicanAccess } = await import('./access.ts');
  const { BarbicanConsumers } = await import('./consumers.ts');
  const { BarbicanCertificateManager } = await import('./driver.ts');
  const barbican = new Barbican(await openStack());
  const access = new BarbicanAccess({ barbican, database, log });
  const consumers = new BarbicanConsumers({ barbican, database, log });
  return new BarbicanCertificateManager(name, barbican, {
    access,
    uses: {
      release: (projectId, token) => access.release(projectId, token, (ref) => consumers.unregister(ref)),
      settle: () => consumers.settle(),
      reach: () => barbican.reach(),
      stop: () => access.stop(),
    },
  });
}

const NOBODY = 'neither [service_auth] nor [keystone_authtoken] names a login, TLS references are refused';

const manager = (name: string): DriverModule<CertificateManager> => ({
  start: (context) => start(name, context),
  async health({ uses }) {
    if (uses === undefined) return [{ result: 'success', details: `None: ${NOBODY}` }];
    await uses.reach();
    return [{ result: 'success', details: 'Barbican answers the service user' }];
  },
  async stop({ uses }) {
    await uses?.stop();
  },
});

export const barbican = manager('barbican_cert_manager');
/** Castellan stands between its users and one of several stores; as Octavia configures it, that is Barbican. */
export const castellan = manager('castellan_cert_manager');
