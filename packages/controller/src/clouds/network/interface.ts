/** What the controller needs of a network service. Implementations: `local`, `neutron`, `noop`, same file names. */
import type { IngressRule } from '../../domain/ingress.ts';
import type { VnicType } from '../../domain/resources.ts';
import type { GroupRule } from '../../domain/vip-group.ts';

export interface Network {
  id: string;
  name: string;
  mtu: number;
  subnetIds: string[];
  /** The only project that may name it; null: administrators alone. Left out: everybody may. */
  reservedFor?: string | null;
  /** Whether its ports are filtered; left out: they are. */
  portSecurityEnabled?: boolean;
}

export interface Subnet {
  id: string;
  name: string;
  networkId: string;
  /** e.g. `198.18.4.0/22` */
  cidr: string;
  gatewayIp: string | null;
  ipVersion: 4 | 6;
  hostRoutes: { destination: string; nexthop: string }[];
  /** The service gives every port of the network an address in it (SLAAC), unasked, and again when it is taken away. */
  addressesEveryPort?: true;
  /** As its network's. */
  reservedFor?: string | null;
}

export interface FixedIp {
  subnetId: string;
  ipAddress: string;
}

export interface Port {
  id: string;
  name: string;
  networkId: string;
  macAddress: string;
  fixedIps: FixedIp[];
  /** Compute instance or load balancer that uses the port; empty text when none. */
  deviceId: string;
  deviceOwner: string;
  /** The only project that may name it; null: the service's own. */
  projectId?: string | null;
  qosPolicyId: string | null;
  /** Empty: what the network service gives by itself. */
  securityGroupIds: string[];
  /** Left out: normal. */
  vnicType?: VnicType;
}

/** Somebody waits for the answer: nothing is tried again for minutes. */
export interface Hurry {
  hurry?: true;
}

/** What may change on a port; what is left out stays. */
export interface PortChanges {
  qosPolicyId?: string | null;
  securityGroupIds?: readonly string[];
}

export interface PortRequest extends PortChanges {
  /** Deterministic name: asking twice for the same name gives the same port (steps are idempotent and adopt). */
  name: string;
  /** Whose it is, where names do not tell: ports are marked with it. */
  loadBalancerId?: string;
  /** Somebody waits for the answer, and nobody can have had the name before: it is not looked for beforehand. */
  hurry?: true;
  networkId: string;
  /** Subnets to take an address from, optionally a given one. At least one entry. */
  fixedIps: { subnetId: string; ipAddress?: string }[];
  deviceId: string;
  deviceOwner: string;
  projectId?: string | null;
  /** Addresses besides its own that may pass the port. Networks of a host let all pass. */
  allowedAddresses?: readonly string[];
  /** `direct`: an SR-IOV function. Left out: normal. */
  vnicType?: VnicType;
}

/** What requests name objects of, and what is known of those. */
export interface NetworkLookups {
  getNetwork(id: string): Promise<Network | null>;
  getSubnet(id: string): Promise<Subnet | null>;
  getPort(id: string): Promise<Port | null>;
  /** Whether a port on the network may have an address in the subnet. Left out: where the subnet is, and nowhere else. */
  joins?(subnet: Subnet, networkId: string): boolean;
  /** null: the service knows no QoS policies. */
  qosPolicyExists(id: string): Promise<boolean | null>;
  securityGroupExists(id: string): Promise<boolean>;
  /** How many addresses the service could still give out. */
  countFreeAddresses(subnet: Subnet): Promise<number>;
  /** Begins to count those of a network, for who will ask. Left out: counting is quick. */
  countAhead?(networkId: string): void;
}

/** Somebody with a token of their own. */
export interface NetworkCaller {
  token: string;
  /** The same for callers who see the same. */
  rights: string;
}

export interface VipGroup {
  id: string;
  name: string;
  loadBalancerId: string;
}

/** Never called inside a transaction of ours: a service that takes its time must not hold locks of the database. */
export interface NetworkDriver extends NetworkLookups {
  readonly name: string;
  /** Whether the networks are our own, so that no other service answers clients that ask for them. Left out: one does. */
  readonly answersClients?: boolean;
  /** Networks are bridges of this very host: it is the gateway of each, and it takes root to touch them. */
  readonly onThisHost?: true;
  /** Each question is a request to another service: what is known is not asked again. */
  readonly isRemote?: true;
  /**
   * Makes the networks known and usable that the service itself brings. Idempotent. Left out: it brings none.
   * @returns what of it this host cannot do, one sentence each
   */
  bootstrap?(): Promise<string[]>;
  /**
   * For a process that starts by itself: makes what a reboot took from this host. Idempotent. Left out: nothing is on it.
   * @throws OctaviaError WRONG_NAMESPACE where the process does not see the part of the host that networks are in
   */
  restore?(): Promise<void>;
  /** The service as it answers the caller. Left out: it knows no callers, and `reservedFor` says who may name what. */
  seenBy?(caller: NetworkCaller): NetworkLookups;
  listNetworks(): Promise<Network[]>;
  listSubnets(): Promise<Subnet[]>;
  /** Idempotent by name. @throws OctaviaError VIP_ADDRESS_IN_USE, SUBNET_NO_FREE_ADDRESS, NETWORK_OBJECT_NOT_FOUND */
  createPort(request: PortRequest): Promise<Port>;
  /** Idempotent; a port that is gone is fine. */
  updatePort(id: string, changes: PortChanges): Promise<void>;
  /**
   * Gives the port an address in one more subnet of its network; one that it has there stays.
   * @throws OctaviaError `NETWORK_OBJECT_NOT_FOUND`, `SUBNET_NO_FREE_ADDRESS`
   */
  plugFixedIp(portId: string, subnetId: string): Promise<Port>;
  /** Takes the port's addresses in the subnet away. Idempotent; a port that is gone is fine. */
  unplugFixedIp(portId: string, subnetId: string): Promise<void>;
  /** Idempotent: a port that is gone is fine. */
  deletePort(id: string, how?: Hurry): Promise<void>;
  /**
   * Nothing passes the port any longer; returns when it is seen to be down, or after a while. Idempotent; a port that is gone is
   * fine. `createPort` with its name opens it again. Left out: whoever is detached from a port does not reach it.
   */
  closePort?(id: string): Promise<void>;
  /**
   * Returns when traffic passes the port of a server, or after a while: a server has it before the network does its part. A port
   * that is gone is fine. Left out: who is attached to a port can be reached.
   */
  untilPassable?(id: string): Promise<void>;
  /**
   * Makes the security group of the load balancer be there with exactly these rules for TCP, UDP and SCTP; of other protocols none
   * is taken away. What is there already is not touched. Idempotent. Left out: the service filters no ports by groups.
   * @returns its id, and whether it was not there; null: the service knows no groups
   */
  applyVipGroup?(loadBalancerId: string, rules: readonly GroupRule[]): Promise<{ id: string; made: boolean } | null>;
  /** null: there is none, or the service knows no groups */
  findVipGroup?(loadBalancerId: string): Promise<string | null>;
  /** All groups that are named after a load balancer. Left out: there are none. */
  listVipGroups?(): Promise<VipGroup[]>;
  /** Takes the group off the port of the VIP and removes it. Idempotent. @param vipPortId null: there is no such port */
  removeVipGroup?(loadBalancerId: string, vipPortId: string | null): Promise<void>;
  /**
   * From now on only these new connections reach the port; what is under way goes on. Idempotent. A port that is gone is
   * fine. Services without this leave it to the amphora.
   */
  restrictIngress?(id: string, rules: readonly IngressRule[]): Promise<void>;
  /** All ports whose name starts with the prefix (the orphan collector and cleanup steps use this). */
  listPorts(namePrefix: string): Promise<Port[]>;
}
