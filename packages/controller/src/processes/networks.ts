import { statSync } from 'node:fs';
import { OctaviaError } from '../errors.ts';
import type { Runtime } from './runtime.ts';

/** The local and the noop network service bring a public and a private subnet. Idempotent. */
export async function seedNetworks({
  network,
  instance,
  log,
}: Pick<Runtime, 'network' | 'instance' | 'log'>): Promise<void> {
  const { LocalNetworkDriver } = await import('../clouds/network/local/driver.ts');
  const { NoopNetworkDriver } = await import('../clouds/network/noop/driver.ts');
  if (network instanceof LocalNetworkDriver && instance) {
    if (!(await network.bootstrap(instance))) {
      log.warn(
        {},
        'This kernel filters nothing (nf_tables): tenants reach the management network through load balancers',
      );
    }
    if (!(await network.canFilter())) {
      log.warn(
        {},
        'This kernel filters no bridges (nf_tables_bridge): allowed CIDRs are enforced inside amphorae only',
      );
    }
  }
  if (network instanceof NoopNetworkDriver) await network.bootstrap();
}

/**
 * For a worker alone, which nobody prepared the cloud for: bridges that a reboot of the host took, and the subnets of a
 * database that `up` never saw. @throws OctaviaError WRONG_NAMESPACE when this is not the network the cloud lives in
 */
export async function readyCloud(runtime: Pick<Runtime, 'network' | 'instance' | 'log'>): Promise<void> {
  const { instance } = runtime;
  if (instance) {
    requireNamespace(instance.netns);
    const { ensureBridges } = await import('../clouds/local-host/bridges.ts');
    await ensureBridges(instance);
  }
  await seedNetworks(runtime);
}

function requireNamespace(name: string | null): void {
  if (name === null) return;
  const file = `/run/netns/${name}`;
  const wanted = statSync(file, { throwIfNoEntry: false });
  if (wanted && wanted.ino === statSync('/proc/self/ns/net').ino) return;
  throw new OctaviaError('WRONG_NAMESPACE', { name, file });
}
