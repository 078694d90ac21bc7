/** Security groups of load balancers: compared with what is wished and changed, never made anew. */
import { LRUCache } from 'lru-cache';
import { canonicalCidr } from '../../../domain/addresses.ts';
import { type GroupRule, loadBalancerOfVipGroup, vipGroupName } from '../../../domain/vip-group.ts';
import type { Neutron } from '../../openstack/neutron.ts';
import * as ports from '../../openstack/neutron-ports.ts';
import type { NeutronGroup, NeutronRule } from '../../openstack/neutron-security-groups.ts';
import * as groups from '../../openstack/neutron-security-groups.ts';
import type { VipGroup } from '../interface.ts';
import { type Patience, patiently, type Sleep, unlessGone } from './patience.ts';
import { OWNER } from './ports.ts';

/** Names and numbers of IANA: Neutron keeps what it was told. */
const NUMBERS: Record<GroupRule['protocol'], string> = { tcp: '6', udp: '17', sctp: '132', vrrp: '112', ah: '51' };
/** As they are written: names where every Neutron has one. */
const WRITTEN: Record<GroupRule['protocol'], string> = { tcp: 'tcp', udp: 'udp', sctp: 'sctp', vrrp: '112', ah: '51' };
/** Rules of other protocols are never taken away: somebody may have added them. */
const OURS: ReadonlySet<string> = new Set(['6', '17', '132']);
/** Deletes of a group that its ports seem to keep, before it is looked who they are. */
const PATIENT_DELETES = 3;
/** Milliseconds. Whoever deletes the group of another meanwhile makes the next port fail. */
const SEEN_MS = 30_000;

const numberOf = (protocol: string | null): string | null =>
  protocol === null ? null : (NUMBERS[protocol.toLowerCase() as GroupRule['protocol']] ?? protocol);

/** Everybody is written as nothing, or as all addresses. */
const networkOf = (prefix: string | null): string | null =>
  prefix === null || /\/0$/.test(prefix) ? null : (canonicalCidr(prefix) ?? prefix);

const keyOfRule = ({ protocol, portMin, portMax, ipVersion, remotePrefix, remoteGroupId }: NeutronRule): string =>
  [numberOf(protocol), portMin, portMax, ipVersion, networkOf(remotePrefix), remoteGroupId].join(' ');

const keyOfWish = ({ protocol, port, ipVersion, source }: GroupRule): string =>
  [NUMBERS[protocol], port, port, ipVersion, networkOf(source), null].join(' ');

const isManaged = ({ direction, protocol }: NeutronRule): boolean =>
  direction === 'ingress' && OURS.has(numberOf(protocol) ?? '');

/** What is missing, and what is too much. Pure. */
function difference(
  present: readonly NeutronRule[],
  wishes: readonly GroupRule[],
): { missing: GroupRule[]; unwanted: NeutronRule[] } {
  const wanted = new Set(wishes.map(keyOfWish));
  const ingress = new Set(present.filter(({ direction }) => direction === 'ingress').map(keyOfRule));
  return {
    missing: wishes.filter((wish) => !ingress.has(keyOfWish(wish))),
    unwanted: present.filter((rule) => isManaged(rule) && !wanted.has(keyOfRule(rule))),
  };
}

interface Dependencies {
  patience: Patience;
  sleep: Sleep;
  /** Marks a group as the load balancer's. */
  tag(group: NeutronGroup, loadBalancerId: string): Promise<void>;
}

export class NeutronVipGroups {
  readonly #neutron: Neutron;
  readonly #with: Dependencies;
  /** Ids of groups that were seen lately, by load balancer: its ports are made right after it. */
  readonly #seen = new LRUCache<string, string>({ max: 1_000, ttl: SEEN_MS });

  constructor(neutron: Neutron, dependencies: Dependencies) {
    this.#neutron = neutron;
    this.#with = dependencies;
  }

  async apply(loadBalancerId: string, wishes: readonly GroupRule[]): Promise<{ id: string; made: boolean } | null> {
    if (!(await this.#neutron.has('security-group'))) return null;
    return this.#patiently(['OPENSTACK_UNAVAILABLE', 'OPENSTACK_CONFLICT'], async () => {
      const found = await this.#find(loadBalancerId);
      const group = found ?? (await groups.createGroup(this.#neutron.ask, vipGroupName(loadBalancerId), DESCRIPTION));
      await this.#change(group, wishes);
      await this.#with.tag(group, loadBalancerId);
      this.#seen.set(loadBalancerId, group.id);
      return { id: group.id, made: found === null };
    });
  }

  async find(loadBalancerId: string): Promise<string | null> {
    if (!(await this.#neutron.has('security-group'))) return null;
    const seen = this.#seen.get(loadBalancerId);
    if (seen !== undefined) return seen;
    const found = await this.#patiently(['OPENSTACK_UNAVAILABLE'], () => this.#find(loadBalancerId));
    return found?.id ?? null;
  }

  async list(): Promise<VipGroup[]> {
    if (!(await this.#neutron.has('security-group'))) return [];
    return (await groups.ownGroups(this.#neutron)).flatMap(({ id, name }) => {
      const loadBalancerId = loadBalancerOfVipGroup(name);
      return loadBalancerId === null ? [] : { id, name, loadBalancerId };
    });
  }

  async remove(loadBalancerId: string, vipPortId: string | null): Promise<void> {
    if (!(await this.#neutron.has('security-group'))) return;
    this.#seen.delete(loadBalancerId);
    const name = vipGroupName(loadBalancerId);
    const found = await this.#patiently(['OPENSTACK_UNAVAILABLE'], () => groups.groupsNamed(this.#neutron, name));
    for (const { id } of found) {
      if (vipPortId !== null) await this.#takeOff(id, vipPortId);
      // Neutron is late to see that ports are gone.
      await patiently(
        this.#with.patience,
        this.#with.sleep,
        ['OPENSTACK_UNAVAILABLE', 'OPENSTACK_CONFLICT'],
        async (attempt) => {
          if (attempt > PATIENT_DELETES) await this.#freeOf(id);
          await unlessGone(groups.deleteGroup(this.#neutron.ask, id));
        },
      );
    }
  }

  async #find(loadBalancerId: string): Promise<NeutronGroup | null> {
    const named = await groups.groupsNamed(this.#neutron, vipGroupName(loadBalancerId));
    // Several came of answers that were lost; ports may have any of them, and all go with the load balancer.
    return named.sort((a, b) => a.id.localeCompare(b.id))[0] ?? null;
  }

  /** Opens first, then closes: nothing is shut out on the way. */
  async #change({ id, rules }: NeutronGroup, wishes: readonly GroupRule[]): Promise<void> {
    const { missing, unwanted } = difference(rules, wishes);
    const rulesOf = (some: readonly GroupRule[]) =>
      some.map(({ protocol, port, ipVersion, source }) => ({
        protocol: WRITTEN[protocol],
        port,
        ipVersion,
        remotePrefix: source,
      }));
    if (missing.length > 0) await groups.createRules(this.#neutron.ask, id, rulesOf(missing));
    await Promise.all(unwanted.map((rule) => unlessGone(groups.deleteRule(this.#neutron.ask, rule.id))));
  }

  async #takeOff(groupId: string, portId: string): Promise<void> {
    const port = await this.#patiently(['OPENSTACK_UNAVAILABLE'], () =>
      unlessGone(ports.showPort(this.#neutron.ask, portId)),
    );
    if (!port?.securityGroupIds.includes(groupId)) return;
    const security_groups = port.securityGroupIds.filter((id) => id !== groupId);
    await this.#patiently(['OPENSTACK_UNAVAILABLE'], () =>
      unlessGone(ports.updatePort(this.#neutron.ask, portId, { security_groups })),
    );
  }

  /** Ports of amphorae that are gone; others lose the group alone. */
  async #freeOf(securityGroupId: string): Promise<void> {
    for (const port of await ports.listPorts(this.#neutron.ask, { securityGroupId })) {
      const isStray = port.deviceOwner === OWNER && port.name.startsWith('octavia-lb-vrrp-');
      if (isStray) await unlessGone(ports.deletePort(this.#neutron.ask, port.id));
      else await this.#takeOff(securityGroupId, port.id);
    }
  }

  #patiently<T>(causes: Parameters<typeof patiently>[2], work: () => Promise<T>): Promise<T> {
    return patiently(this.#with.patience, this.#with.sleep, causes, work);
  }
}

const DESCRIPTION = 'Ports of the amphorae of a load balancer';
