/** Network service of the local cloud: three bridges of this host, ports and addresses in our own store. */
import type { IngressRule } from '../../../domain/ingress.ts';
import type { Database } from '../../../store/core/database.ts';
import { type SubnetRow, selectIngress, setIngress, upsertNetworks } from '../../../store/resources/local-network.ts';
import { ensureBridges } from '../../local-host/bridges.ts';
import type { LocalInstance, LocalNetwork, LocalSubnet } from '../../local-host/instance.ts';
import { hostSpeaksIpv6 } from '../../local-host/ipv6.ts';
import { closeManagement } from '../../local-host/management-filter.ts';
import { requireNamespace } from '../../local-host/namespace.ts';
import { canFilterPorts, filterPorts, unfilterPort } from '../../local-host/port-filter.ts';
import { StoredNetworkDriver } from '../../stored-network/driver.ts';
import { getStoredSubnet } from '../../stored-network/networks.ts';
import { isUsableAddress, type PortRules } from '../../stored-network/ports.ts';
import type { NetworkDriver } from '../interface.ts';

const subnetRow = (networkId: string, { id, name, cidr, gatewayIp }: LocalSubnet, ipVersion: 4 | 6): SubnetRow => ({
  id,
  networkId,
  name,
  cidr,
  gatewayIp,
  ipVersion,
  hostRoutes: [],
});

const rules: PortRules = {
  getSubnet: getStoredSubnet,
  accepts: isUsableAddress,
  joins: (subnet, networkId) => subnet.networkId === networkId,
  sharesAddresses: false,
};

export class LocalNetworkDriver extends StoredNetworkDriver implements NetworkDriver {
  readonly name = 'network_local_driver';
  readonly onThisHost = true;
  readonly #instance: LocalInstance | null;
  #canFilter: Promise<boolean> | null = null;

  /** @param instance the host's own part; null where nothing on the host is touched */
  constructor(database: Database, instance: LocalInstance | null = null) {
    super(database, rules);
    this.#instance = instance;
  }

  /**
   * Makes the networks and subnets of the instance known, closes the management network to the others and filters ports as
   * they were. Idempotent.
   */
  async bootstrap(instance: LocalInstance | null = this.#instance): Promise<string[]> {
    if (!instance) return [];
    const closed = await closeManagement(instance);
    const networks = Object.values(instance.networks);
    // Agents and controllers speak there: no tenant's business.
    const isReserved = ({ id }: LocalNetwork) => id === instance.networks.management.id;
    await upsertNetworks(
      this.database,
      networks.map((network) => {
        const { id, name, bridge, mtu } = network;
        return { id, name, bridge, mtu, ...(isReserved(network) ? { reservedFor: null } : {}) };
      }),
      networks.flatMap(({ id, subnet, ipv6Subnet }) => [
        subnetRow(id, subnet, 4),
        ...(ipv6Subnet === null || !hostSpeaksIpv6() ? [] : [subnetRow(id, ipv6Subnet, 6)]),
      ]),
    );
    const canFilter = await this.#filters();
    if (canFilter) await filterPorts(instance.tag, await selectIngress(this.database));
    return [
      ...(closed
        ? []
        : ['This kernel filters nothing (nf_tables): tenants reach the management network through load balancers']),
      ...(canFilter
        ? []
        : ['This kernel filters no bridges (nf_tables_bridge): allowed CIDRs are enforced inside amphorae only']),
    ];
  }

  async restore(): Promise<void> {
    if (!this.#instance) return;
    requireNamespace(this.#instance);
    await ensureBridges(this.#instance);
  }

  /** Whether this kernel can; where it cannot, allowed CIDRs are left to the amphorae. */
  #filters(): Promise<boolean> {
    this.#canFilter ??= canFilterPorts();
    return this.#canFilter;
  }

  /** Bridges of a host shape no traffic. */
  async qosPolicyExists(): Promise<null> {
    return null;
  }

  /** There are none on a host: an amphora lets in what its listeners want. */
  async securityGroupExists(): Promise<boolean> {
    return false;
  }

  override async deletePort(id: string): Promise<void> {
    const filtered = await this.removePort(id);
    if (filtered && this.#instance && (await this.#filters())) await unfilterPort(this.#instance.tag, id);
  }

  async restrictIngress(id: string, rules: readonly IngressRule[]): Promise<void> {
    const known = await setIngress(this.database, id, rules);
    if (known && this.#instance && (await this.#filters())) await filterPorts(this.#instance.tag, [{ id, rules }]);
  }
}
