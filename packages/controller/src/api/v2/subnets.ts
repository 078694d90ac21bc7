import type { NetworkDriver } from '../../clouds/network/interface.ts';
import { OctaviaError } from '../../errors.ts';

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
