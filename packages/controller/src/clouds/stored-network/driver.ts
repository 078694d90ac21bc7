import type { Database } from '../../store/database.ts';
import type { Network, Port, PortChanges, PortRequest, Subnet, TransactionHandle } from '../network/interface.ts';
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

  protected constructor(database: Database, rules: PortRules) {
    this.database = database;
    this.#rules = rules;
    this.#subnets = new SubnetMemory((id) => rules.getSubnet(database, id));
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

  createPort(request: PortRequest, transaction?: TransactionHandle): Promise<Port> {
    return createStoredPort(this.database, request, this.#rules, transaction);
  }

  updatePort(id: string, changes: PortChanges, transaction?: TransactionHandle): Promise<void> {
    return updateStoredPort(this.database, id, changes, transaction);
  }

  plugFixedIp(portId: string, subnetId: string): Promise<Port> {
    return plugStoredFixedIp(this.database, this.#rules, portId, subnetId);
  }

  unplugFixedIp(portId: string, subnetId: string): Promise<void> {
    return unplugStoredFixedIp(this.database, portId, subnetId);
  }

  async deletePort(id: string, transaction?: TransactionHandle): Promise<void> {
    await deleteStoredPort(this.database, id, transaction);
  }

  listPorts(namePrefix: string): Promise<Port[]> {
    return listStoredPorts(this.database, namePrefix);
  }
}
