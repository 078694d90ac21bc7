/**
 * A network service without a network: ports and addresses are kept in our own store, nothing happens on the host.
 * Besides a seeded public, private and management network any UUID is an existing network, and an existing subnet of
 * one; they are derived from the id, so every process answers alike. Clients make ids up without knowing each other's: a
 * subnet is on whatever network is named with it, and an address that a client chooses is never taken.
 */
import { createHash } from 'node:crypto';
import { deterministicUuid } from '../../../domain/deterministic-uuid.ts';
import { type Database, type Executor, isForeignKeyViolation } from '../../../store/core/database.ts';
import { isUuid } from '../../../store/core/table.ts';
import { type NetworkRow, type SubnetRow, upsertNetworks } from '../../../store/resources/local-network.ts';
import { StoredNetworkDriver } from '../../stored-network/driver.ts';
import { getStoredNetwork, getStoredSubnet } from '../../stored-network/networks.ts';
import { isUsableAddress, type PortRules } from '../../stored-network/ports.ts';
import type { Network, NetworkDriver, Port, PortRequest, Subnet } from '../interface.ts';

const MTU = 1500;
/** /16: load tests create more load balancers than a /24 has addresses. */
const PREFIX_LENGTH = 16;

interface SubnetParts {
  id: string;
  networkId: string;
  name: string;
  /** Second byte of the 10.x.0.0/16. */
  byte: number;
}

const networkRow = (id: string, name: string): NetworkRow => ({ id, name, bridge: '', mtu: MTU });
const subnetRow = ({ id, networkId, name, byte }: SubnetParts): SubnetRow => ({
  id,
  networkId,
  name,
  cidr: `10.${byte}.0.0/${PREFIX_LENGTH}`,
  gatewayIp: `10.${byte}.0.1`,
  ipVersion: 4,
  hostRoutes: [],
});

const seeded = (network: string, subnet: string, byte: number): [NetworkRow, SubnetRow] => {
  const networkId = deterministicUuid('noop', network);
  return [
    networkRow(networkId, network),
    subnetRow({ id: deterministicUuid('noop', subnet), networkId, name: subnet, byte }),
  ];
};

const [managementNetwork, managementSubnet] = seeded('lb-mgmt-net', 'lb-mgmt-subnet', 253);
const SEEDS: readonly [NetworkRow, SubnetRow][] = [
  [{ ...managementNetwork, reservedFor: null }, managementSubnet],
  seeded('public-net', 'public-subnet', 254),
  seeded('private-net', 'private-subnet', 255),
];
const SEEDED_SUBNETS = new Set(SEEDS.map(([, subnet]) => subnet.id));
/** Derived subnets stay below the seeded ones. */
const DERIVED_BYTES = 253;

/** The network of a derived subnet and the subnet of a derived network: the last bit flipped, so each finds the other. */
export function partnerOf(id: string): string {
  return id.slice(0, -1) + (Number.parseInt(id.slice(-1), 16) ^ 1).toString(16);
}

function derivedSubnet(id: string): SubnetRow {
  const byte = (createHash('sha256').update(id).digest()[0] ?? 0) % DERIVED_BYTES;
  return subnetRow({ id, networkId: partnerOf(id), name: `subnet-${id.slice(0, 8)}`, byte });
}

const derivedNetworkName = (id: string): string => `network-${id.slice(0, 8)}`;

async function subnetOf(executor: Executor, id: string): Promise<Subnet | null> {
  if (!isUuid(id)) return null;
  return (await getStoredSubnet(executor, id)) ?? { ...derivedSubnet(id.toLowerCase()), ipVersion: 4 };
}

const rules: PortRules = {
  getSubnet: subnetOf,
  // A caller cannot know the network of a derived subnet: there every address is right.
  accepts: (subnet, address) => !SEEDED_SUBNETS.has(subnet.id) || isUsableAddress(subnet, address),
  joins: () => true,
  sharesAddresses: true,
};

export class NoopNetworkDriver extends StoredNetworkDriver implements NetworkDriver {
  readonly name = 'network_noop_driver';

  constructor(database: Database) {
    super(database, rules);
  }

  /** Makes the public, private and management network known. Idempotent. */
  async bootstrap(): Promise<string[]> {
    await upsertNetworks(
      this.database,
      SEEDS.map(([network]) => network),
      SEEDS.map(([, subnet]) => subnet),
    );
    return [];
  }

  override async getNetwork(id: string): Promise<Network | null> {
    if (!isUuid(id)) return null;
    const stored = await getStoredNetwork(this.database, id);
    if (stored && stored.subnetIds.length > 0) return stored;
    // No row yet, or one without a subnet of its own: it was only ever named with others.
    return { id, name: derivedNetworkName(id), mtu: MTU, ...stored, subnetIds: [partnerOf(id.toLowerCase())] };
  }

  /** Any UUID is a QoS policy, and a security group. */
  async qosPolicyExists(id: string): Promise<boolean> {
    return isUuid(id);
  }

  async securityGroupExists(id: string): Promise<boolean> {
    return isUuid(id);
  }

  joins(subnet: Subnet, networkId: string): boolean {
    return rules.joins(subnet, networkId);
  }

  /** Ports refer to rows, so derived networks and subnets get theirs with their first port. */
  override async createPort(request: PortRequest): Promise<Port> {
    try {
      return await super.createPort(request);
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
      await this.#store(request);
      return super.createPort(request);
    }
  }

  async #store({ networkId, fixedIps }: PortRequest): Promise<void> {
    if (isUuid(networkId) && !(await getStoredNetwork(this.database, networkId))) {
      await upsertNetworks(this.database, [networkRow(networkId, derivedNetworkName(networkId))], []);
    }
    for (const { subnetId } of fixedIps) {
      if (!isUuid(subnetId) || (await getStoredSubnet(this.database, subnetId))) continue;
      const subnet = derivedSubnet(subnetId.toLowerCase());
      const network = networkRow(subnet.networkId, derivedNetworkName(subnet.networkId));
      await upsertNetworks(this.database, [network], [subnet]);
    }
  }
}
