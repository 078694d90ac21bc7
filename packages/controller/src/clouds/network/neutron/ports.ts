/** Ports of load balancers and amphorae, made, adopted, changed and removed in Neutron. */
import type { Log } from '@octavia/protocol/log';
import { isOctaviaError } from '../../../errors.ts';
import type { Neutron } from '../../openstack/neutron.ts';
import type { NeutronPort, PortFields } from '../../openstack/neutron-ports.ts';
import * as calls from '../../openstack/neutron-ports.ts';
import type { Hurry, Port, PortChanges, PortRequest } from '../interface.ts';
import { type Patience, patiently, type Sleep, unlessGone } from './patience.ts';
import { nameOfPrefix, neutronName, ourName } from './port-names.ts';
import { refusedPort } from './refused-ports.ts';

/** What Neutron knows our ports by, whoever they are for. */
export const OWNER = 'Octavia';
const TAG = (loadBalancerId: string): string => `octavia-lb=${loadBalancerId}`;

/** For so long (ms) a port that nobody could remove is asked for only once a time. */
const STUCK_MS = 120_000;
const LOOK_MS = 1_000;
const DOWN_LOOKS = 15;
/** Agents of busy hosts work at many ports. */
const UP_LOOKS = 60;

export function toPort(port: NeutronPort): Port {
  const { id, networkId, macAddress, fixedIps, deviceId, deviceOwner, projectId, qosPolicyId, securityGroupIds } = port;
  const { vnicType } = port;
  const name = ourName(port);
  return {
    ...{ id, name, networkId, macAddress, fixedIps, deviceId, deviceOwner },
    ...{ projectId, qosPolicyId, securityGroupIds, vnicType },
  };
}

const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));

/** Its traffic passes at the ports of amphorae: the port of a VIP only holds addresses. */
const isOfVip = ({ deviceOwner }: Pick<PortRequest, 'deviceOwner'>): boolean => deviceOwner === OWNER;

/** What a port has besides its place. The compute service writes device and owner of those that it attaches. */
function fieldsOf(request: PortRequest): PortFields {
  const { allowedAddresses, qosPolicyId, securityGroupIds, vnicType = 'normal' } = request;
  const groups = vnicType === 'direct' ? [] : securityGroupIds;
  // Neutron gives a port without a word the default group of its project.
  const security_groups = groups === undefined ? {} : { security_groups: groups };
  if (isOfVip(request)) return { admin_state_up: false, ...(groups?.length ? security_groups : {}) };
  return {
    admin_state_up: true,
    ...security_groups,
    ...(allowedAddresses === undefined
      ? {}
      : { allowed_address_pairs: allowedAddresses.map((ip_address) => ({ ip_address })) }),
    ...(qosPolicyId === undefined ? {} : { qos_policy_id: qosPolicyId }),
  };
}

type Tagged = Pick<NeutronPort, 'id' | 'tags'>;

export class NeutronPorts {
  readonly #neutron: Neutron;
  readonly #patience: Patience;
  readonly #sleep: Sleep;
  readonly #log: Pick<Log, 'warn'>;
  /** When a port could not be removed, by its id. */
  readonly #stuck = new Map<string, number>();

  constructor(
    neutron: Neutron,
    { patience, sleep, log }: { patience: Patience; sleep: Sleep; log: Pick<Log, 'warn'> },
  ) {
    this.#neutron = neutron;
    this.#patience = patience;
    this.#sleep = sleep;
    this.#log = log;
  }

  async create(request: PortRequest): Promise<Port> {
    const { hurry, loadBalancerId } = request;
    const wish = await this.#possible(request);
    try {
      if (hurry) {
        const made = await this.#make(wish);
        // Nobody waits for that.
        if (loadBalancerId !== undefined) void this.tag('ports', made, loadBalancerId);
        return toPort(made);
      }
      // Whoever died while it was made, or never heard that it was: it is there.
      const port = await this.#patiently(async () =>
        this.#adopt(wish, (await this.#find(wish)) ?? (await this.#make(wish))),
      );
      if (loadBalancerId !== undefined) await this.tag('ports', port, loadBalancerId);
      return toPort(port);
    } catch (error) {
      throw refusedPort(error, request);
    }
  }

  /** So that people and the collector of orphans see whose it is. Nothing depends on it. */
  async tag(kind: 'ports' | 'security-groups', { id, tags }: Tagged, loadBalancerId: string): Promise<void> {
    const name = TAG(loadBalancerId);
    try {
      if (tags.includes(name) || !(await this.#neutron.has('standard-attr-tag'))) return;
      await calls.tag(this.#neutron.ask, kind, id, name);
    } catch (error) {
      if (!isOctaviaError(error)) throw error;
      if (isOctaviaError(error, 'OPENSTACK_NOT_FOUND')) return;
      this.#log.warn({ [kind]: id, loadBalancer: loadBalancerId, err: error }, 'Could not be tagged in Neutron');
    }
  }

  async update(id: string, changes: PortChanges): Promise<void> {
    const { qosPolicyId, securityGroupIds } = changes;
    const written: PortFields = {
      ...(qosPolicyId === undefined ? {} : { qos_policy_id: qosPolicyId }),
      ...(securityGroupIds === undefined ? {} : { security_groups: securityGroupIds }),
    };
    await this.#patiently(() => unlessGone(calls.updatePort(this.#neutron.ask, id, written)));
  }

  async plugFixedIp(portId: string, subnetId: string): Promise<Port> {
    return this.#patiently(async () => {
      const port = await calls.showPort(this.#neutron.ask, portId);
      if (port.fixedIps.some((fixed) => fixed.subnetId === subnetId)) return toPort(port);
      const fixed_ips = [...port.fixedIps.map(written), { subnet_id: subnetId }];
      try {
        return toPort(await calls.updatePort(this.#neutron.ask, portId, { fixed_ips }));
      } catch (error) {
        throw refusedPort(error, { networkId: port.networkId, fixedIps: [{ subnetId }] });
      }
    });
  }

  /** Not of a subnet that `addressesEveryPort`: there Neutron gives the port the same one again. */
  async unplugFixedIp(portId: string, subnetId: string): Promise<void> {
    await this.#patiently(async () => {
      const port = await unlessGone(calls.showPort(this.#neutron.ask, portId));
      const stay = port?.fixedIps.filter((fixed) => fixed.subnetId !== subnetId) ?? [];
      if (port === null || stay.length === port.fixedIps.length) return;
      await unlessGone(calls.updatePort(this.#neutron.ask, portId, { fixed_ips: stay.map(written) }));
    });
  }

  async delete(id: string, { hurry }: Hurry = {}): Promise<void> {
    const once = hurry || (this.#stuck.get(id) ?? Number.NEGATIVE_INFINITY) > performance.now();
    const remove = () => unlessGone(calls.deletePort(this.#neutron.ask, id));
    try {
      await (once
        ? remove()
        : patiently(this.#patience, this.#sleep, ['OPENSTACK_UNAVAILABLE', 'OPENSTACK_CONFLICT'], remove));
      this.#stuck.delete(id);
    } catch (error) {
      for (const [known, until] of this.#stuck) if (until < performance.now()) this.#stuck.delete(known);
      this.#stuck.set(id, performance.now() + STUCK_MS);
      if (!once) await this.#silence(id);
      throw error;
    }
  }

  async close(id: string): Promise<void> {
    const closed = await this.#patiently(() =>
      unlessGone(calls.updatePort(this.#neutron.ask, id, { admin_state_up: false })),
    );
    if (closed !== null) await this.#look(id, DOWN_LOOKS, ({ status }) => status !== 'ACTIVE');
  }

  async untilPassable(id: string): Promise<void> {
    const passes = await this.#look(id, UP_LOOKS, ({ status }) => status === 'ACTIVE');
    if (!passes) this.#log.warn({ port: id }, 'Neutron is slow to let traffic pass a port');
  }

  /** @returns whether the port became so, or went */
  async #look(id: string, looks: number, isSo: (port: NeutronPort) => boolean): Promise<boolean> {
    for (let look = 1; look <= looks; look += 1) {
      const port = await unlessGone(calls.showPort(this.#neutron.ask, id));
      if (port === null || isSo(port)) return true;
      await this.#sleep(LOOK_MS);
    }
    return false;
  }

  async list(namePrefix: string): Promise<Port[]> {
    const name = nameOfPrefix(namePrefix);
    const found = name === null ? await this.#all() : await calls.listPorts(this.#neutron.ask, { name });
    return found.map(toPort).filter((port) => port.name.startsWith(namePrefix));
  }

  /** Those of VIPs are tenants', those of amphorae the service's, with the compute service as owner. */
  async #all(): Promise<NeutronPort[]> {
    const projectId = await this.#neutron.projectId();
    const [unattached, own] = await Promise.all([
      calls.listPorts(this.#neutron.ask, { deviceOwner: OWNER }),
      projectId === null ? [] : calls.listPorts(this.#neutron.ask, { projectId }),
    ]);
    return [...new Map([...unattached, ...own].map((port) => [port.id, port])).values()];
  }

  /** Without what this Neutron has no extension for. */
  async #possible(request: PortRequest): Promise<PortRequest> {
    const { qosPolicyId, securityGroupIds, ...others } = request;
    const hasQos = qosPolicyId !== undefined && !isOfVip(request) && (await this.#neutron.has('qos'));
    const hasGroups = securityGroupIds !== undefined && (await this.#neutron.has('security-group'));
    return { ...others, ...(hasQos ? { qosPolicyId } : {}), ...(hasGroups ? { securityGroupIds } : {}) };
  }

  async #make(request: PortRequest): Promise<NeutronPort> {
    const { networkId, fixedIps, deviceId, deviceOwner, projectId, vnicType = 'normal' } = request;
    const { name } = neutronName(request.name);
    const isOurs = deviceOwner === OWNER || deviceOwner.startsWith('octavia:');
    const wish: PortFields = {
      name,
      network_id: networkId,
      fixed_ips: fixedIps.map(written),
      device_owner: isOurs ? OWNER : deviceOwner,
      // The compute service refuses a port that has a device already.
      ...(isOurs && !isOfVip(request) ? {} : { device_id: deviceId }),
      ...(projectId ? { project_id: projectId } : {}),
      ...(vnicType === 'normal' || isOfVip(request) ? {} : { 'binding:vnic_type': vnicType }),
      ...fieldsOf(request),
    };
    try {
      return await calls.createPort(this.#neutron.ask, wish);
    } catch (error) {
      // The answer may have been lost after all was done.
      if (!isOctaviaError(error, 'OPENSTACK_UNAVAILABLE')) throw error;
      const made = await this.#find(request).catch(() => null);
      if (made === null) throw error;
      return made;
    }
  }

  /** The port with the name. Of several, of which all but one came of lost answers, one that is attached; the others go. */
  async #find(request: PortRequest): Promise<NeutronPort | null> {
    const { name, vnicType } = neutronName(request.name);
    const named = await calls.listPorts(this.#neutron.ask, { name });
    const fitting = named
      .filter((port) => port.networkId === request.networkId && (vnicType === null || port.vnicType === vnicType))
      .sort((a, b) => Number(b.deviceId !== '') - Number(a.deviceId !== '') || a.id.localeCompare(b.id));
    const [first, ...others] = fitting;
    for (const { id, deviceId } of others) {
      if (deviceId === '' || isOfVip(request)) await unlessGone(calls.deletePort(this.#neutron.ask, id));
    }
    return first ?? null;
  }

  /** What was made as it is wished now. */
  async #adopt(request: PortRequest, port: NeutronPort): Promise<NeutronPort> {
    const { security_groups, allowed_address_pairs, qos_policy_id, admin_state_up } = fieldsOf(request);
    const changes: PortFields = {
      ...(security_groups && !sameSet(security_groups, port.securityGroupIds) ? { security_groups } : {}),
      ...(allowed_address_pairs &&
      !sameSet(
        allowed_address_pairs.map(({ ip_address }) => ip_address),
        port.allowedAddresses,
      )
        ? { allowed_address_pairs }
        : {}),
      ...(qos_policy_id !== undefined && qos_policy_id !== port.qosPolicyId ? { qos_policy_id } : {}),
      ...(admin_state_up !== undefined && admin_state_up !== port.adminStateUp ? { admin_state_up } : {}),
    };
    return Object.keys(changes).length === 0 ? port : calls.updatePort(this.#neutron.ask, port.id, changes);
  }

  /** What stays behind answers nobody, and its name in DNS is free for whoever comes after it. */
  async #silence(id: string): Promise<void> {
    const dns = (await this.#neutron.has('dns-integration').catch(() => false)) ? { dns_name: '' } : {};
    const silenced = calls.updatePort(this.#neutron.ask, id, { admin_state_up: false, ...dns });
    await silenced.catch((error: unknown) => {
      this.#log.warn({ port: id, err: error }, 'A port that could not be removed could not be closed either');
    });
  }

  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return patiently(this.#patience, this.#sleep, ['OPENSTACK_UNAVAILABLE'], work);
  }
}

const written = ({ subnetId, ipAddress }: { subnetId: string; ipAddress?: string }) => ({
  subnet_id: subnetId,
  ...(ipAddress === undefined ? {} : { ip_address: ipAddress }),
});
