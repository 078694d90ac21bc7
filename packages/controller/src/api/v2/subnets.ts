import type { NetworkDriver } from '../../clouds/network/interface.ts';
import { OctaviaError } from '../../errors.ts';
import type { SeenNetworks } from './seen-networks.ts';

/** Asks beside each other for what will be asked for one after the other; who asks then hears of errors. */
export function askAhead(network: Pick<SeenNetworks, 'getSubnet'>, ids: readonly (string | null)[]): void {
  for (const id of ids) if (id !== null) network.getSubnet(id).catch(() => undefined);
}

/** Which of the subnets exist; each is asked for once. */
export async function knownSubnets(
  network: Pick<NetworkDriver, 'getSubnet'>,
  ids: readonly (string | null)[],
): Promise<ReadonlySet<string>> {
  const distinct = [...new Set(ids.filter((id) => id !== null))];
  const subnets = await Promise.all(distinct.map((id) => network.getSubnet(id)));
  return new Set(subnets.flatMap((subnet) => (subnet ? [subnet.id] : [])));
}

/** @throws OctaviaError NETWORK_OBJECT_NOT_FOUND */
export function requireSubnet(id: string | null, known: ReadonlySet<string>): void {
  if (id !== null && !known.has(id)) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id });
}
