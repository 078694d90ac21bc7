/** Networks and subnets kept in our own store: what the local and the noop network service share. */
import type { Executor } from '../../store/core/database.ts';
import { isUuid } from '../../store/core/table.ts';
import * as store from '../../store/resources/local-network.ts';
import type { Network, Subnet } from '../network/interface.ts';

const toSubnet = (row: store.SubnetRow): Subnet => ({ ...row, ipVersion: row.ipVersion === 6 ? 6 : 4 });

export async function listStoredSubnets(executor: Executor): Promise<Subnet[]> {
  return (await store.selectSubnets(executor)).map(toSubnet);
}

export async function getStoredSubnet(executor: Executor, id: string): Promise<Subnet | null> {
  if (!isUuid(id)) return null;
  const [row] = await store.selectSubnets(executor, [id]);
  return row ? toSubnet(row) : null;
}

/** What a change of a subnet by another process may take to show. */
const REMEMBERED_MS = 5_000;
const MAXIMUM_REMEMBERED = 1_000;

/** Subnets hardly ever change and every create asks for one: found ones are remembered for a moment. */
export class SubnetMemory {
  readonly #known = new Map<string, { subnet: Subnet; until: number }>();
  readonly #find: (id: string) => Promise<Subnet | null>;

  constructor(find: (id: string) => Promise<Subnet | null>) {
    this.#find = find;
  }

  async get(id: string): Promise<Subnet | null> {
    const now = performance.now();
    const known = this.#known.get(id);
    if (known && known.until > now) return known.subnet;
    const subnet = await this.#find(id);
    if (this.#known.size >= MAXIMUM_REMEMBERED) this.#known.clear();
    if (subnet) this.#known.set(id, { subnet, until: now + REMEMBERED_MS });
    else this.#known.delete(id);
    return subnet;
  }
}

const toNetwork = ({ bridge: _ignored, ...network }: store.NetworkRow, subnets: store.SubnetRow[]): Network => ({
  ...network,
  subnetIds: subnets.filter((subnet) => subnet.networkId === network.id).map((subnet) => subnet.id),
});

export async function listStoredNetworks(executor: Executor): Promise<Network[]> {
  const networks = await store.selectNetworks(executor);
  const subnets = await store.selectSubnets(executor);
  return networks.map((network) => toNetwork(network, subnets));
}

/** Of its own rows: a cloud may have any number of others. */
export async function getStoredNetwork(executor: Executor, id: string): Promise<Network | null> {
  if (!isUuid(id)) return null;
  const [network] = await store.selectNetworks(executor, [id]);
  return network ? toNetwork(network, await store.selectSubnets(executor, { networkId: id })) : null;
}
