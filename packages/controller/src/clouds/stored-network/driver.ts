import type { Database } from '../../store/core/database.ts';
import type { Network, Port, PortChanges, PortRequest, Subnet } from '../network/interface.ts';
import { AddressFloors } from './address-floors.ts';
import { getStoredNetwork, listStoredNetworks, listStoredSubnets, SubnetMemory } from './networks.ts';
import {
  countFreeStoredAddresses,
  createStoredPort,
  deleteStoredPort,
  getStoredPort,
  listStoredPorts,
  type PortRules,
  plugStoredFixedIp,
  unplugStoredFixedIp,
  updateStoredPort,
} from './ports.ts';

/** A network service of our own: its networks, ports and addresses are rows of our store. */
export abstract class StoredNetworkDriver {
  readonly answersClients = true;
  protected readonly database: Database;
  readonly #rules: PortRules;
  readonly #subnets: SubnetMemory;
  readonly #floors = new AddressFloors();

  protected constructor(database: Database, rules: PortRules) {
    this.database = database;
    this.#subnets = new SubnetMemory((id) => rules.getSubnet(database, id));
    this.#rules = { ...rules, getSubnet: (_executor, id) => this.#subnets.get(id) };
  }

  getNetwork(id: string): Promise<Network | null> {
    return getStoredNetwork(this.database, id);
  }

  getSubnet(id: string): Promise<Subnet | null> {
    return this.#subnets.get(id);
  }

  getPort(id: string): Promise<Port | null> {
    return getStoredPort(this.database, id);
  }

  countFreeAddresses(subnet: Subnet): Promise<number> {
    return countFreeStoredAddresses(this.database, subnet);
  }

  listNetworks(): Promise<Network[]> {
    return listStoredNetworks(this.database);
  }

  listSubnets(): Promise<Subnet[]> {
    return listStoredSubnets(this.database);
  }

  createPort(request: PortRequest): Promise<Port> {
    return createStoredPort(this.database, request, this.#rules, this.#floors);
  }

  updatePort(id: string, changes: PortChanges): Promise<void> {
    return updateStoredPort(this.database, id, changes);
  }

  plugFixedIp(portId: string, subnetId: string): Promise<Port> {
    return plugStoredFixedIp(this.database, this.#rules, portId, subnetId);
  }

  unplugFixedIp(portId: string, subnetId: string): Promise<void> {
    this.#floors.forget();
    return unplugStoredFixedIp(this.database, portId, subnetId);
  }

  async deletePort(id: string): Promise<void> {
    await this.removePort(id);
  }

  /** @returns whether the port was there and had a filter */
  protected async removePort(id: string): Promise<boolean> {
    const filtered = await deleteStoredPort(this.database, id);
    this.#floors.forget();
    return filtered;
  }

  listPorts(namePrefix: string): Promise<Port[]> {
    return listStoredPorts(this.database, namePrefix);
  }
}
