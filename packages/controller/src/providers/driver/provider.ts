/** Drivers of the published interface behind the seam of the API: objects are translated, calls have an end, faults are theirs. */
import { isIP } from 'node:net';
import {
  type AdditionalVip,
  DriverError,
  faultKind,
  NotImplementedError,
  type ProviderDriver,
  type VipDictionary,
} from '@octavia/provider-lib';
import type { CertificateManager } from '../../clouds/certificates/manager.ts';
import { parseMetadata } from '../../domain/catalog.ts';
import type { OperationKind } from '../../domain/operations.ts';
import type { L7Policy, Listener, LoadBalancer, LoadBalancerTree, Pool } from '../../domain/resources.ts';
import type { Tx } from '../../store/core/database.ts';
import { isUuid } from '../../store/core/table.ts';
import { noteDelivery } from '../../store/operations/driver-hosts.ts';
import * as zones from '../../store/resources/availability-zones.ts';
import * as flavors from '../../store/resources/flavors.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { Acceptance, Capability, Delivery, NewVip, Provider, VipWish } from '../interface.ts';
import { NO_MATERIAL, readMaterial, type TlsMaterial } from './material.ts';
import {
  type Chosen,
  healthMonitorOf,
  l7policyOf,
  l7ruleOf,
  listenerOf,
  loadBalancerChangeOf,
  loadBalancerOf,
  type Mentioned,
  memberOf,
  poolOf,
  storedListenerOf,
} from './objects.ts';

export interface DriverProviderOptions {
  name: string;
  description: string;
  driver: ProviderDriver;
  certificates: CertificateManager;
  /** How long a call may take. */
  timeoutMs: number;
  /** Calls under way at the same time: each holds a connection to the database. Further ones are refused. */
  maximumCalls: number;
  /** Id of the process that the driver lives in; left out: whoever settles its changes looks for them. */
  host?(): string;
  /** A change of the load balancer is accepted and committed. */
  committed?(loadBalancerId: string): void;
  /** Of a driver that may come and go; left out: it is there. */
  isLoaded?(): boolean;
}

/** For what comes after the driver's answer. */
const MARGIN_MS = 15_000;

type Call = (driver: ProviderDriver) => unknown;

/** What one kind of object is to drivers. */
interface ObjectKind {
  /** The object of the tree, with what is below it, as it is created or goes. */
  whole(tree: LoadBalancerTree, id: string, material: TlsMaterial): object;
  /** The baseline of an update. */
  before(object: never, material: TlsMaterial): object;
  /** What an update mentions. */
  mentioned(id: string, mentioned: never, before: never, material: TlsMaterial): object;
}

const find = <T extends { id: string }>(list: readonly T[], id: string): T => {
  const object = list.find((one) => one.id === id);
  if (!object) throw new Error(`The object ${id} is not in the tree that it was written to`);
  return object;
};

const OBJECTS = {
  listener: {
    whole: (tree, id, material) => storedListenerOf(find(tree.listeners, id), material, tree),
    before: (object: Listener, material) => storedListenerOf(object, material),
    mentioned: (id, mentioned: Mentioned<Listener>, _before, material) => listenerOf({ ...mentioned, id }, material),
  },
  pool: {
    whole: (tree, id, material) => poolOf(find(tree.pools, id), material, tree),
    before: (object: Pool, material) => poolOf(object, material),
    mentioned: (id, mentioned: Mentioned<Pool>, _before, material) => poolOf({ ...mentioned, id }, material),
  },
  member: {
    whole: (tree, id) => memberOf(find(tree.members, id)),
    before: memberOf,
    mentioned: (id, mentioned: object) => memberOf({ ...mentioned, id }),
  },
  health_monitor: {
    whole: (tree, id) => healthMonitorOf(find(tree.healthMonitors, id)),
    before: healthMonitorOf,
    mentioned: (id, mentioned: object) => healthMonitorOf({ ...mentioned, id }),
  },
  l7policy: {
    whole: (tree, id) => l7policyOf(find(tree.l7policies, id), tree),
    before: (object: Mentioned<L7Policy>) => l7policyOf(object),
    mentioned: (id, mentioned: object) => l7policyOf({ ...mentioned, id }),
  },
  l7rule: {
    whole: (tree, id) => l7ruleOf(find(tree.l7rules, id)),
    before: l7ruleOf,
    mentioned: (id, mentioned: object) => l7ruleOf({ ...mentioned, id }),
  },
} as const satisfies Record<string, ObjectKind>;

type ChildKind = keyof typeof OBJECTS;

/** `create_listener` → the verb and the kind of object; null: not a change of a child. */
function childChange(kind: OperationKind): { verb: 'create' | 'update' | 'delete'; child: ChildKind } | null {
  const [, verb, child] = /^(create|update|delete)_(.+)$/.exec(kind) ?? [];
  if (!verb || !child || !(child in OBJECTS)) return null;
  return { verb: verb as 'create', child: child as ChildKind };
}

export class DriverProvider implements Provider {
  readonly name: string;
  readonly description: string;
  readonly #options: DriverProviderOptions;
  #underWay = 0;

  constructor(options: DriverProviderOptions) {
    this.name = options.name;
    this.description = options.description;
    this.#options = options;
    options.driver.name = options.name;
  }

  isLoaded(): boolean {
    return this.#options.isLoaded?.() ?? true;
  }

  /** Drivers judge a change when they are given it. */
  check(): void {}

  accept({ loadBalancerId }: Delivery): Acceptance {
    return { operation: null, committed: () => this.#options.committed?.(loadBalancerId) };
  }

  async deliver(tx: Tx, delivery: Delivery): Promise<void> {
    const call = await this.#callFor(tx, delivery);
    if (this.#underWay >= this.#options.maximumCalls) {
      const text = `${this.#underWay} calls of the driver are under way; try again later.`;
      throw new DriverError({ user_fault_string: text });
    }
    this.#underWay += 1;
    try {
      await tx.mayWait(this.#options.timeoutMs + MARGIN_MS);
      const host = this.#options.host?.();
      if (host !== undefined) await noteDelivery(tx, delivery.loadBalancerId, host);
      await this.#ask(call);
    } finally {
      this.#underWay -= 1;
    }
  }

  async createVip({ id, projectId }: Pick<LoadBalancer, 'id' | 'projectId'>, wish: VipWish): Promise<NewVip | null> {
    const [primary, ...others] = wish.fixedIps;
    // What nobody has decided is not mentioned: drivers hand to their clouds what they find.
    const given: VipDictionary = decided({
      project_id: projectId,
      vip_address: primary?.ipAddress,
      vip_network_id: wish.networkId,
      vip_port_id: wish.portId,
      vip_qos_policy_id: wish.qosPolicyId,
      vip_subnet_id: primary?.subnetId,
      ...(wish.securityGroupIds.length > 0 ? { vip_sg_ids: [...wish.securityGroupIds] } : {}),
    });
    const additional: AdditionalVip[] = others.map(({ subnetId, ipAddress }) =>
      decided({ ip_address: ipAddress, network_id: wish.networkId, subnet_id: subnetId }),
    );
    let answer: unknown;
    try {
      answer = await this.#ask((driver) => driver.create_vip_port(id, projectId, given, additional));
    } catch (error) {
      // "The API is to make the port."
      if (faultKind(error)?.kind === 'NotImplementedError') return null;
      throw error;
    }
    return vipFrom(answer, wish);
  }

  async flavorCapabilities(): Promise<Capability[]> {
    return capabilities(await this.#ask((driver) => driver.get_supported_flavor_metadata()));
  }

  async availabilityZoneCapabilities(): Promise<Capability[]> {
    return capabilities(await this.#ask((driver) => driver.get_supported_availability_zone_metadata()));
  }

  async validateFlavor(data: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask((driver) => driver.validate_flavor({ ...data }));
  }

  async validateAvailabilityZone(data: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask((driver) => driver.validate_availability_zone({ ...data }));
  }

  async #callFor(tx: Tx, delivery: Delivery): Promise<Call> {
    const { kind, loadBalancerId, resourceId, input, before, mentioned } = delivery;
    if (kind === 'apply_desired_state') {
      // Of several calls some could be accepted and one refused; a driver has no call for all of it at once.
      const text = 'applying a desired state as a whole. Change its objects one by one.';
      throw new NotImplementedError({ user_fault_string: text });
    }
    if (kind === 'failover_load_balancer') return (driver) => driver.loadbalancer_failover(loadBalancerId);
    const tree = await loadBalancers.tree(tx, loadBalancerId);
    if (!tree) throw new Error(`The load balancer ${loadBalancerId} is not there although it was written`);
    const { loadBalancer } = tree;
    if (kind === 'create_load_balancer') {
      const material = await this.#material(loadBalancer.projectId, tree, false);
      const whole = loadBalancerOf(loadBalancer, await chosenBy(tx, loadBalancer), { below: tree, material });
      return (driver) => driver.loadbalancer_create(whole);
    }
    if (kind === 'delete_load_balancer') {
      const goes = loadBalancerOf(loadBalancer, await chosenBy(tx, loadBalancer));
      return (driver) => driver.loadbalancer_delete(goes, input?.cascade === true);
    }
    if (kind === 'update_load_balancer') {
      const old = loadBalancerOf(before as LoadBalancer, await chosenBy(tx, loadBalancer));
      const change = loadBalancerChangeOf(loadBalancerId, mentioned ?? {}, before as LoadBalancer);
      return (driver) => driver.loadbalancer_update(old, change);
    }
    if (kind === 'batch_update_members') {
      const stay = tree.members.filter((member) => member.poolId === resourceId && !isGoing(member));
      return (driver) => driver.member_batch_update(resourceId, stay.map(memberOf));
    }
    const change = childChange(kind);
    if (!change) throw new Error(`There is no call of drivers for ${kind}`);
    return this.#childCall(change, tree, delivery);
  }

  async #childCall(
    { verb, child }: { verb: 'create' | 'update' | 'delete'; child: ChildKind },
    tree: LoadBalancerTree,
    { resourceId, projectId, before, mentioned }: Delivery,
  ): Promise<Call> {
    const object = OBJECTS[child] as ObjectKind;
    const method = (driver: ProviderDriver) =>
      (driver as unknown as Record<string, (...args: object[]) => unknown>)[`${child}_${verb}`]?.bind(driver);
    if (verb === 'update') {
      const holders = (one: unknown) =>
        child === 'listener' ? { listeners: [one as Listener] } : child === 'pool' ? { pools: [one as Pool] } : {};
      const old = object.before(before as never, await this.#material(projectId, holders(before), true));
      const material = await this.#material(projectId, holders(mentioned), false);
      const change = object.mentioned(resourceId, (mentioned ?? {}) as never, before as never, material);
      return (driver) => method(driver)?.(old, change);
    }
    const own = {
      listeners: child === 'listener' ? tree.listeners.filter(({ id }) => id === resourceId) : [],
      pools: poolsWith(child, tree, resourceId),
    };
    const whole = object.whole(tree, resourceId, await this.#material(projectId, own, verb === 'delete'));
    return (driver) => method(driver)?.(whole);
  }

  #material(
    projectId: string,
    holders: Parameters<typeof readMaterial>[2],
    isTolerant: boolean,
  ): Promise<TlsMaterial> | TlsMaterial {
    const { listeners = [], pools = [] } = holders;
    if (listeners.length + pools.length === 0) return NO_MATERIAL;
    return readMaterial(this.#options.certificates, projectId, holders, isTolerant);
  }

  /** @throws what the driver throws; DriverError once its time is over */
  async #ask(call: Call): Promise<unknown> {
    const { driver, timeoutMs } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      reject(new DriverError({ user_fault_string: `The driver did not answer within ${seconds} seconds.` }));
    }, timeoutMs);
    try {
      return await Promise.race([Promise.resolve(driver).then(call), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const isGoing = ({ provisioningStatus }: { provisioningStatus: string }): boolean =>
  provisioningStatus === 'PENDING_DELETE' || provisioningStatus === 'DELETED';

/** Pools whose secrets a call carries: the pool itself, or the default pool of a listener. */
function poolsWith(child: ChildKind, tree: LoadBalancerTree, id: string): Pool[] {
  if (child === 'pool') return tree.pools.filter((pool) => pool.id === id);
  if (child !== 'listener') return [];
  const { defaultPoolId } = find(tree.listeners, id);
  return tree.pools.filter((pool) => pool.id === defaultPoolId);
}

/** What the flavor and the zone of a load balancer say. */
export async function chosenBy(tx: Tx, { flavorId, availabilityZone }: LoadBalancer): Promise<Chosen> {
  const flavor = flavorId === null ? null : await flavors.hold(tx, flavorId);
  const zone = availabilityZone === null ? null : await zones.hold(tx, availabilityZone);
  return {
    flavor: flavor && (parseMetadata(flavor.flavorData) ?? {}),
    zone: zone && (parseMetadata(zone.availabilityZoneData) ?? {}),
  };
}

const nonsense = (what: string): DriverError =>
  new DriverError({ user_fault_string: `The driver's answer makes no sense: ${what}.` });

function capabilities(metadata: unknown): Capability[] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw nonsense('metadata is a map of descriptions');
  }
  return Object.entries(metadata).map(([name, description]) => ({ name, description: String(description) }));
}

const decided = (fields: Record<string, unknown>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

const textOr = <T>(value: unknown, otherwise: T): string | T =>
  typeof value === 'string' && value !== '' ? value : otherwise;

/** @throws DriverError where the answer names no port or no address */
function vipFrom(answer: unknown, wish: VipWish): NewVip {
  const [vip, additional] = Array.isArray(answer) ? (answer as unknown[]) : [];
  if (typeof vip !== 'object' || vip === null) throw nonsense('create_vip_port returns a VIP and the additional VIPs');
  const said = vip as VipDictionary;
  const [primary, ...others] = wish.fixedIps;
  const address = textOr(said.vip_address, primary?.ipAddress ?? null);
  if (address === null) throw nonsense('the VIP has no address');
  if (!isIP(address)) throw nonsense(`${JSON.stringify(address)} is no address`);
  for (const field of ['vip_port_id', 'vip_subnet_id', 'vip_network_id', 'vip_qos_policy_id'] as const) {
    const id = textOr(said[field], null);
    if (id !== null && !isUuid(id)) throw nonsense(`${field} ${JSON.stringify(id)} is no id`);
  }
  const given = Array.isArray(additional) ? (additional as Record<string, unknown>[]) : [];
  return {
    vip: {
      address,
      portId: textOr(said.vip_port_id, wish.portId ?? null),
      subnetId: textOr(said.vip_subnet_id, primary?.subnetId ?? null),
      networkId: textOr(said.vip_network_id, wish.networkId),
      qosPolicyId: textOr(said.vip_qos_policy_id, wish.qosPolicyId),
      portOwned: said.octavia_owned === true,
      vnicType: wish.vnicType,
      securityGroupIds: [...wish.securityGroupIds],
    },
    additionalVips: others.map(({ subnetId, ipAddress }, index) => {
      const own = textOr(given[index]?.ip_address, ipAddress ?? null);
      if (own === null || !isIP(own)) throw nonsense(`the additional VIP in subnet ${subnetId} has no address`);
      const subnet = textOr(given[index]?.subnet_id, subnetId);
      if (!isUuid(subnet)) throw nonsense(`the subnet ${JSON.stringify(subnet)} of an additional VIP is no id`);
      return { subnetId: subnet, ipAddress: own };
    }),
  };
}
