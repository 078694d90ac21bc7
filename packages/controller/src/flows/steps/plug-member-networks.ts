/**
 * Members may sit on other networks than the VIP: each amphora needs one port on each of those, with an address in each
 * subnet that members use, no more and no fewer. In the VIP's network the VIP's port takes the addresses.
 */
import type { Port, Subnet } from '../../clouds/network/interface.ts';
import type { CallLimit } from '../../dataplane/interface.ts';
import type { Amphora } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import * as members from '../../store/resources/members.ts';
import type { Step, StepContext } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { bestEffort } from './best-effort.ts';
import { amphoraeOf, isServing, loadBalancerOf } from './load-tree.ts';
import {
  besideVip,
  hasAddress,
  hasVip,
  type NetworkNeed,
  neededNetworks,
  subnetIdsOf,
  subnetsOf,
  withAddresses,
} from './member-networks.ts';
import { plug as plugVip } from './plug-vip.ts';
import { memberPortName, memberPortPrefix } from './port-names.ts';

/**
 * What is recorded and has its one address needs no second look. With several, one may be new and the agent not know it:
 * the port had it before the agent was told, and the telling may have been cut off.
 */
const isInPlace = (port: Port | null, name: string, { subnets }: NetworkNeed): boolean =>
  port?.name === name && subnetIdsOf(port).length === 1 && subnets.every(({ id }) => hasAddress(port, id));

/** Makes the interface of the amphora that of the port, with the addresses it has in these subnets, and records it. */
async function tell(
  context: StepContext,
  amphora: Amphora,
  port: Port,
  subnets: Subnet[],
  limit: CallLimit,
): Promise<void> {
  const { store, network, dataplane } = context;
  const { networkId } = port;
  const memberNetwork = await network.getNetwork(networkId);
  if (!memberNetwork) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Network', id: networkId });
  await dataplane.plugNetwork(amphora, { port, subnets, mtu: memberNetwork.mtu }, limit);
  await amphorae.addMemberPort(store.db, amphora.id, networkId, port.id);
}

interface Plugging {
  /** How long the agents may take, asked before each is told. */
  limitOf: (context: StepContext) => CallLimit;
  /** Clients are served meanwhile: none of them is to wait for a member that the network does not lead to yet. */
  carriesTraffic: boolean;
}

async function plug(
  context: StepContext,
  amphora: Amphora,
  networkId: string,
  need: NetworkNeed,
  { limitOf, carriesTraffic }: Plugging,
): Promise<void> {
  const { network, compute } = context;
  const { computeId } = amphora;
  if (!computeId) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Network', id: networkId });
  const created = await network.createPort({
    name: memberPortName(amphora.id, networkId, need.vnicType),
    loadBalancerId: context.operation.loadBalancerId,
    networkId,
    fixedIps: need.subnets.map(({ id }) => ({ subnetId: id })),
    deviceId: computeId,
    deviceOwner: 'octavia:member',
    vnicType: need.vnicType,
  });
  const port = await withAddresses(context, created, need.subnets);
  await atTheCloud(context, () => compute.attachPort(computeId, port));
  await tell(context, amphora, port, await subnetsOf(context, port), limitOf(context));
  if (carriesTraffic) await atTheCloud(context, async () => network.untilPassable?.(port.id));
}

async function plugInto(
  context: StepContext,
  isTarget: (amphora: Amphora) => boolean,
  plugging: Plugging,
): Promise<string> {
  const { store, network } = context;
  const needed = await neededNetworks(context);
  if (needed.size === 0) return '0 plugged';
  const loadBalancer = await loadBalancerOf(context);
  const besides = besideVip(loadBalancer, needed).length;
  needed.delete(loadBalancer.vip.networkId ?? '');
  const targets = (await amphoraeOf(context)).filter(isTarget);
  const counts = await Promise.all(
    targets.map(async (amphora) => {
      const ports = new Map(
        (await amphorae.memberPorts(store.db, amphora.id)).map((row) => [row.networkId, row.portId]),
      );
      let count = 0;
      for (const [networkId, need] of needed) {
        const portId = ports.get(networkId);
        const name = memberPortName(amphora.id, networkId, need.vnicType);
        if (portId !== undefined && isInPlace(await network.getPort(portId), name, need)) continue;
        await plug(context, amphora, networkId, need, plugging);
        count += 1;
      }
      // Without a port of the VIP yet: it will be plugged with these subnets.
      if (besides > 0 && amphora.vrrpPortId !== null)
        await plugVip(context, amphora.id, { limit: plugging.limitOf(context) });
      return count;
    }),
  );
  return `${counts.reduce((sum, count) => sum + count, 0)} plugged`;
}

/** Of amphorae that are being built; those may take as long as building takes. */
const BUILT: Plugging = { limitOf: () => ({}), carriesTraffic: false };
/** Of amphorae that should be there already. */
const whatIsLeft = (context: StepContext): CallLimit => ({ timeoutMs: context.remainingMs() });
const SERVING: Plugging = { limitOf: whatIsLeft, carriesTraffic: true };

/** Before the first configuration of new amphorae. */
export const plugMemberNetworks: Step = {
  name: 'plug member networks',
  run: (context) => plugInto(context, isServing, BUILT),
};

/**
 * Where other members are in force that are reached the same way, a service for whom each question is work is not asked. What
 * somebody changed there behind our back is then repaired by the next change of networks, and by failover.
 */
const mayChangeNetworks = async ({ store, network, operation }: StepContext): Promise<boolean> =>
  !network.isRemote || (await members.changesNetworks(store.db, operation.loadBalancerId));

/** Before the configuration names the new members. */
export const plugNetworksOfNewMembers: Step = {
  name: 'plug member networks',
  async run(context) {
    return (await mayChangeNetworks(context)) ? plugInto(context, isServing, SERVING) : 'unchanged';
  },
};

/** Of an amphora that is not in service yet. */
export const plugMemberNetworksInto = (id: string): Step => ({
  name: `plug member networks into ${id}`,
  run: (context) => plugInto(context, (amphora) => amphora.id === id, BUILT),
});

interface Keeps {
  /** Those that members use, and those in which the network service gives the port an address whatever anybody wants. */
  subnets: Subnet[];
  unneeded: string[];
}

async function keptOf(context: StepContext, port: Port, needed: readonly Subnet[]): Promise<Keeps> {
  const others = (await subnetsOf(context, port)).filter(({ id }) => needed.every((subnet) => subnet.id !== id));
  const unasked = others.filter(({ addressesEveryPort }) => addressesEveryPort);
  const unneeded = others.filter(({ addressesEveryPort }) => !addressesEveryPort).map(({ id }) => id);
  return { subnets: [...needed, ...unasked], unneeded };
}

/**
 * The agent lets go of addresses before somebody else can have them. When it cannot be told they stay, until the next
 * change of members; nobody misses them.
 */
async function release(
  context: StepContext,
  port: Port,
  unneeded: readonly string[],
  tellAgent: () => Promise<unknown>,
): Promise<number> {
  if (unneeded.length === 0) return 0;
  const told = await bestEffort(context, `Taking addresses of port ${port.id} away`, async () => {
    await tellAgent();
    return true;
  });
  if (!told) return 0;
  for (const subnetId of unneeded) await context.network.unplugFixedIp(port.id, subnetId);
  return unneeded.length;
}

/** After the configuration no longer names the members that go. Ports are found by name: also half-plugged ones. */
export const unplugMemberNetworks: Step = {
  name: 'unplug unneeded member networks',
  async run(context) {
    if (!(await mayChangeNetworks(context))) return 'unchanged';
    const { store, network, compute } = context;
    const needed = await neededNetworks(context);
    const loadBalancer = await loadBalancerOf(context);
    const memberSubnets = besideVip(loadBalancer, needed);
    needed.delete(loadBalancer.vip.networkId ?? '');
    let count = 0;
    for (const amphora of (await amphoraeOf(context)).filter(isServing)) {
      const { id, computeId, vrrpPortId } = amphora;
      for (const port of await network.listPorts(memberPortPrefix(id))) {
        const need = needed.get(port.networkId);
        if (need && port.name === memberPortName(id, port.networkId, need.vnicType)) {
          const { subnets, unneeded } = await keptOf(context, port, need.subnets);
          count += await release(context, port, unneeded, () =>
            tell(context, amphora, port, subnets, whatIsLeft(context)),
          );
          continue;
        }
        // A compute service that does not let go of it loses it with the port.
        if (computeId)
          await bestEffort(context, `Detaching port ${port.id}`, () =>
            atTheCloud(context, () => compute.detachPort(computeId, port.id)),
          );
        await network.deletePort(port.id);
        await amphorae.removeMemberPort(store.db, id, port.id);
        count += 1;
      }
      const vipPort = vrrpPortId === null ? null : await network.getPort(vrrpPortId);
      if (vipPort === null) continue;
      const fixedIps = vipPort.fixedIps.filter(({ subnetId }) => !hasVip(loadBalancer, subnetId));
      const { subnets, unneeded } = await keptOf(context, { ...vipPort, fixedIps }, memberSubnets);
      count += await release(context, vipPort, unneeded, () =>
        plugVip(context, id, { memberSubnets: subnets, limit: whatIsLeft(context) }),
      );
    }
    return `${count} unplugged`;
  },
};
