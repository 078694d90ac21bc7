/** Networks and subnets kept in our own store: what the local and the noop network service share. */
import type { Executor } from '../../store/database.ts';
import * as store from '../../store/local-network.ts';
import type { Network, Subnet } from '../network/interface.ts';
import { isUuid } from './ports.ts';

const toSubnet = (row: store.SubnetRow): Subnet => ({ ...row, ipVersion: row.ipVersion === 6 ? 6 : 4 });

export async function listStoredSubnets(executor: Executor): Promise<Subnet[]> {
  return (await store.selectSubnets(executor)).map(toSubnet);
}

export async function getStoredSubnet(executor: Executor, id: string): Promise<Subnet | null> {
  if (!isUuid(id)) return null;
  const [row] = await store.selectSubnets(executor, [id]);
  return row ? toSubnet(row) : null;
}

export async function listStoredNetworks(executor: Executor): Promise<Network[]> {
  const networks = await store.selectNetworks(executor);
  const subnets = await store.selectSubnets(executor);
  return networks.map(({ id, name, mtu }) => ({
    id,
    name,
    mtu,
    subnetIds: subnets.filter((subnet) => subnet.networkId === id).map((subnet) => subnet.id),
  }));
}

export async function getStoredNetwork(executor: Executor, id: string): Promise<Network | null> {
  return (await listStoredNetworks(executor)).find((network) => network.id === id) ?? null;
}
