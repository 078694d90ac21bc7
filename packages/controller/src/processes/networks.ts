import type { Runtime } from './runtime.ts';

/** Makes the networks known that the network service itself brings. Idempotent. */
export async function seedNetworks({ network, log }: Pick<Runtime, 'network' | 'log'>): Promise<void> {
  for (const limit of (await network.bootstrap?.()) ?? []) log.warn({}, limit);
}

/**
 * For a worker alone, which nobody prepared the cloud for: what a reboot took from this host, and the subnets of a database
 * that `up` never saw. @throws OctaviaError WRONG_NAMESPACE when this is not the network the cloud lives in
 */
export async function readyCloud(runtime: Pick<Runtime, 'network' | 'log'>): Promise<void> {
  await runtime.network.restore?.();
  await seedNetworks(runtime);
}
