/**
 * `[controller_worker] network_driver = allowed_address_pairs_driver`: networks of Neutron. The VIPs are addresses of a port that is
 * never bound, and each amphora has a port of its own that they may pass.
 */
import type { Log } from '@octavia/protocol/log';
import type { GroupRule } from '../../../domain/vip-group.ts';
import { OctaviaError } from '../../../errors.ts';
import type { Neutron } from '../../openstack/neutron.ts';
import { listNetworks, listSubnets } from '../../openstack/neutron-networks.ts';
import type {
  Hurry,
  Network,
  NetworkCaller,
  NetworkDriver,
  NetworkLookups,
  Port,
  PortChanges,
  PortRequest,
  Subnet,
  VipGroup,
} from '../interface.ts';
import { NeutronLookups, newMemory, SERVICE } from './lookups.ts';
import type { Patience, Sleep } from './patience.ts';
import { NeutronPorts } from './ports.ts';
import { NeutronVipGroups } from './vip-groups.ts';

export interface NeutronSettings {
  patience: Patience;
  /** Whether callers may name what they cannot see. */
  allowInvisible: boolean;
}

interface Dependencies {
  sleep: Sleep;
  log: Pick<Log, 'warn'>;
}

export class NeutronNetworkDriver implements NetworkDriver {
  readonly name = 'allowed_address_pairs_driver';
  readonly isRemote = true;
  readonly #neutron: Neutron;
  readonly #settings: NeutronSettings;
  readonly #memory = newMemory();
  readonly #own: NeutronLookups;
  readonly #ports: NeutronPorts;
  readonly #groups: NeutronVipGroups;

  constructor(neutron: Neutron, settings: NeutronSettings, { sleep, log }: Dependencies) {
    this.#neutron = neutron;
    this.#settings = settings;
    this.#own = new NeutronLookups(neutron, { ask: neutron.ask, rights: SERVICE }, this.#memory);
    const { patience } = settings;
    this.#ports = new NeutronPorts(neutron, { patience, sleep, log });
    this.#groups = new NeutronVipGroups(neutron, {
      patience,
      sleep,
      tag: (group, loadBalancerId) => this.#ports.tag('security-groups', group, loadBalancerId),
    });
  }

  /** @throws OctaviaError NETWORK_EXTENSION_MISSING, OPENSTACK_… */
  async requireExtensions(): Promise<void> {
    if (await this.#neutron.has('allowed-address-pairs')) return;
    const why = 'the addresses of load balancers cannot move between amphorae';
    throw new OctaviaError('NETWORK_EXTENSION_MISSING', { extension: 'allowed-address-pairs', why });
  }

  seenBy({ token, rights }: NetworkCaller): NetworkLookups {
    if (this.#settings.allowInvisible) return this.#own;
    const asker = { ask: this.#neutron.as(token), rights: `of ${rights}` };
    return new NeutronLookups(this.#neutron, asker, this.#memory);
  }

  getNetwork(id: string): Promise<Network | null> {
    return this.#own.getNetwork(id);
  }

  getSubnet(id: string): Promise<Subnet | null> {
    return this.#own.getSubnet(id);
  }

  getPort(id: string): Promise<Port | null> {
    return this.#own.getPort(id);
  }

  qosPolicyExists(id: string): Promise<boolean | null> {
    return this.#own.qosPolicyExists(id);
  }

  securityGroupExists(id: string): Promise<boolean> {
    return this.#own.securityGroupExists(id);
  }

  countFreeAddresses(subnet: Subnet): Promise<number> {
    return this.#own.countFreeAddresses(subnet);
  }

  listNetworks(): Promise<Network[]> {
    return listNetworks(this.#neutron.ask);
  }

  listSubnets(): Promise<Subnet[]> {
    return listSubnets(this.#neutron.ask);
  }

  createPort(request: PortRequest): Promise<Port> {
    return this.#ports.create(request);
  }

  updatePort(id: string, changes: PortChanges): Promise<void> {
    return this.#ports.update(id, changes);
  }

  plugFixedIp(portId: string, subnetId: string): Promise<Port> {
    return this.#ports.plugFixedIp(portId, subnetId);
  }

  unplugFixedIp(portId: string, subnetId: string): Promise<void> {
    return this.#ports.unplugFixedIp(portId, subnetId);
  }

  deletePort(id: string, how?: Hurry): Promise<void> {
    return this.#ports.delete(id, how);
  }

  closePort(id: string): Promise<void> {
    return this.#ports.close(id);
  }

  untilPassable(id: string): Promise<void> {
    return this.#ports.untilPassable(id);
  }

  listPorts(namePrefix: string): Promise<Port[]> {
    return this.#ports.list(namePrefix);
  }

  applyVipGroup(loadBalancerId: string, rules: readonly GroupRule[]): Promise<{ id: string; made: boolean } | null> {
    return this.#groups.apply(loadBalancerId, rules);
  }

  findVipGroup(loadBalancerId: string): Promise<string | null> {
    return this.#groups.find(loadBalancerId);
  }

  listVipGroups(): Promise<VipGroup[]> {
    return this.#groups.list();
  }

  removeVipGroup(loadBalancerId: string, vipPortId: string | null): Promise<void> {
    return this.#groups.remove(loadBalancerId, vipPortId);
  }
}
