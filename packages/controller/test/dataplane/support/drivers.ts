/** Drivers as the controller makes them, with time limits for tests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AmphoraLab } from '../../../../amphora/test/support/amphora-lab.ts';
import { UnconfiguredCertificateManager } from '../../../src/clouds/certificates/barbican/unconfigured.ts';
import type { AuthorityPaths } from '../../../src/clouds/certificates/local/ensure-authorities.ts';
import { LocalCertificateGenerator } from '../../../src/clouds/certificates/local/generator.ts';
import { AmphoraDataplaneDriver } from '../../../src/dataplane/amphora/driver.ts';
import type { AmphoraDriverOptions } from '../../../src/dataplane/amphora/options.ts';
import { DEFAULT_HAPROXY_OPTIONS } from '../../../src/dataplane/haproxy/options.ts';
import { DEFAULT_KEEPALIVED_OPTIONS } from '../../../src/dataplane/keepalived/options.ts';
import type { AgentCredentials } from './agent-server.ts';

/** Of an agent that a test plays, from the authorities of a controller. */
export async function credentialsOf(amphoraId: string, ca: AuthorityPaths): Promise<AgentCredentials> {
  const generator = new LocalCertificateGenerator({
    caCertificate: ca.serverCaCertificate,
    caPrivateKey: ca.serverCaKey,
    clientCa: ca.clientCaCertificate,
    validitySeconds: 3600,
  });
  const { certificate, privateKey } = await generator.issueServerCertificate(amphoraId);
  return { certificate, privateKey, clientCa: readFileSync(ca.clientCaCertificate, 'utf8') };
}

/** For an agent that a test plays. */
export const driverFor = (
  ca: AuthorityPaths,
  agentPort: number,
  given: Partial<AmphoraDriverOptions> = {},
): AmphoraDataplaneDriver =>
  new AmphoraDataplaneDriver({
    serverCaPath: ca.serverCaCertificate,
    clientCertificatePath: ca.clientCertificateAndKey,
    agentPort,
    connectTimeout: 2,
    // The tries of a request share it, and a busy machine needs seconds for each.
    readTimeout: 20,
    booting: { attempts: 20, interval: 0.1 },
    active: { attempts: 3, interval: 0.02 },
    failover: { attempts: 2, interval: 0.02 },
    keepalived: DEFAULT_KEEPALIVED_OPTIONS,
    certificates: new UnconfiguredCertificateManager(),
    haproxy: DEFAULT_HAPROXY_OPTIONS,
    ...given,
  });

/** For the real agent of a lab. */
export function driverOf(
  lab: AmphoraLab,
  {
    haproxy = {},
    ...given
  }: Partial<Pick<AmphoraDriverOptions, 'certificates'>> & {
    haproxy?: Partial<AmphoraDriverOptions['haproxy']>;
  } = {},
): AmphoraDataplaneDriver {
  const folder = join(lab.folder, 'certs');
  const identity = join(folder, 'identity.pem');
  writeFileSync(identity, lab.certificate('controller').key + lab.certificate('controller').cert);
  return new AmphoraDataplaneDriver({
    serverCaPath: join(folder, 'server_ca.pem'),
    clientCertificatePath: identity,
    agentPort: lab.port,
    connectTimeout: 5,
    readTimeout: 30,
    booting: { attempts: 20, interval: 0.5 },
    active: { attempts: 5, interval: 0.5 },
    failover: { attempts: 2, interval: 0.5 },
    certificates: new UnconfiguredCertificateManager(),
    haproxy: { ...DEFAULT_HAPROXY_OPTIONS, basePath: lab.base, certificatesPath: join(lab.base, 'certs'), ...haproxy },
    keepalived: { ...DEFAULT_KEEPALIVED_OPTIONS, basePath: lab.base },
    ...given,
  });
}
