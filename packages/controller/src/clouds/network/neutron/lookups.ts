/** What Neutron knows of objects that others name, as one of those who ask sees it. Found ones are remembered for a while. */
import { LRUCache } from 'lru-cache';
import { isOctaviaError, OctaviaError } from '../../../errors.ts';
import type { Ask, Neutron } from '../../openstack/neutron.ts';
import {
  freeAddresses,
  showNetwork,
  showQosPolicy,
  showSecurityGroup,
  showSubnet,
} from '../../openstack/neutron-networks.ts';
import { showPort } from '../../openstack/neutron-ports.ts';
import type { Network, NetworkLookups, Port, Subnet } from '../interface.ts';
import { unlessGone } from './patience.ts';
import { toPort } from './ports.ts';

type Found = Network | Subnet | string;

/** Who has asked for what, and was answered. */
export type Memory = LRUCache<string, Found>;

/** Milliseconds. What a network is changes rarely, and what it never changes (the network of a subnet) is what most ask for. */
const KNOWN_MS = 60_000;
/** Milliseconds: subnets that a network has many of are counted with one question. */
const COUNTED_MS = 1_000;

export const newMemory = (): Memory => new LRUCache({ max: 5_000, ttl: KNOWN_MS });

export interface Asker {
  ask: Ask;
  /** Prefix of what is remembered: nobody is told what only others may see. */
  rights: string;
}

export class NeutronLookups implements NetworkLookups {
  readonly #neutron: Neutron;
  readonly #asker: Asker;
  readonly #memory: Memory;
  readonly #counts: LRUCache<string, Promise<ReadonlyMap<string, number>>>;

  constructor(neutron: Neutron, asker: Asker, memory: Memory) {
    this.#neutron = neutron;
    this.#asker = asker;
    this.#memory = memory;
    this.#counts = new LRUCache({ max: 1_000, ttl: COUNTED_MS });
  }

  getNetwork(id: string): Promise<Network | null> {
    return this.#known(`network ${id}`, (ask) => showNetwork(ask, id));
  }

  getSubnet(id: string): Promise<Subnet | null> {
    return this.#known(`subnet ${id}`, (ask) => showSubnet(ask, id));
  }

  async getPort(id: string): Promise<Port | null> {
    const found = await this.#ask((ask) => showPort(ask, id));
    return found === null ? null : toPort(found);
  }

  async qosPolicyExists(id: string): Promise<boolean | null> {
    if (!(await this.#neutron.has('qos'))) return null;
    return (await this.#known(`qos ${id}`, (ask) => showQosPolicy(ask, id))) !== null;
  }

  async securityGroupExists(id: string): Promise<boolean> {
    if (!(await this.#neutron.has('security-group'))) return false;
    return (await this.#known(`group ${id}`, (ask) => showSecurityGroup(ask, id))) !== null;
  }

  /** Asked as the service: tenants may not. Where it may not either, any subnet will do. */
  async countFreeAddresses({ id, networkId }: Subnet): Promise<number> {
    const any = Number.POSITIVE_INFINITY;
    if (!(await this.#neutron.has('network-ip-availability'))) return any;
    const counting = this.#counted(networkId);
    try {
      return (await counting).get(id) ?? any;
    } catch (error) {
      this.#counts.delete(networkId);
      if (isOctaviaError(error, 'OPENSTACK_UNAUTHORISED') || isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return any;
      throw error;
    }
  }

  countAhead(networkId: string): void {
    const ask = async () => {
      if (await this.#neutron.has('network-ip-availability')) await this.#counted(networkId);
    };
    ask().catch(() => undefined);
  }

  #counted(networkId: string): Promise<ReadonlyMap<string, number>> {
    const counting = this.#counts.get(networkId) ?? freeAddresses(this.#neutron.ask, networkId);
    this.#counts.set(networkId, counting);
    return counting;
  }

  async #known<T extends Found>(what: string, ask: (as: Ask) => Promise<T>): Promise<T | null> {
    const key = `${this.#asker.rights} ${what}`;
    const known = this.#memory.get(key);
    if (known !== undefined) return known as T;
    const found = await this.#ask(ask);
    if (found !== null) {
      this.#memory.set(key, found);
      // The service sees what anybody sees.
      this.#memory.set(`${SERVICE} ${what}`, found);
    }
    return found;
  }

  /** What somebody may not see is not there. @throws OctaviaError UNAUTHENTICATED when Neutron does not take the caller's token */
  async #ask<T>(ask: (as: Ask) => Promise<T>): Promise<T | null> {
    try {
      return await unlessGone(ask(this.#asker.ask));
    } catch (error) {
      if (this.#asker.rights === SERVICE || !isOctaviaError(error, 'OPENSTACK_UNAUTHORISED')) throw error;
      if (error.parameters.status === 403) return null;
      throw new OctaviaError('UNAUTHENTICATED', {}, { cause: error });
    }
  }
}

/** Rights of the service user. */
export const SERVICE = 'service';
