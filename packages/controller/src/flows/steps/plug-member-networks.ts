/** Members may sit on other networks than the VIP: each amphora needs one port on each of those, no more and no fewer. */
import type { Subnet } from '../../clouds/network/interface.ts';
import type { Amphora, VnicType } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/amphorae.ts';
import * as members from '../../store/members.ts';
import type { Step, StepContext } from '../flow.ts';
import { amphoraeOf, isServing, loadBalancerOf } from './load-tree.ts';
import { memberPortPrefix } from './port-names.ts';

/** What an amphora needs of one network: an address in one of the subnets its members use. */
interface Need {
  subnet: Subnet;
  vnicType: VnicType;
}

/** Networks that the members which stay need, besides the VIP's own. */
async function neededNetworks(context: StepContext): Promise<Map<string, Need>> {
  const { store, network, operation } = context;
  const needed = new Map<string, Need>();
  const used = await members.subnetsOf(store.db, operation.loadBalancerId);
  if (used.length === 0) return needed;
  const { vip } = await loadBalancerOf(context);
  for (const { subnetId, direct } of used) {
    const subnet = await network.getSubnet(subnetId);
    if (!subnet) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId });
    if (subnet.networkId === vip.networkId) continue;
    const known = needed.get(subnet.networkId);
    if (!known) needed.set(subnet.networkId, { subnet, vnicType: direct ? 'direct' : 'normal' });
    else if (direct) known.vnicType = 'direct';
  }
  return needed;
}

async function plug(context: StepContext, amphora: Amphora, { subnet, vnicType }: Need): Promise<void> {
  const { store, network, compute, dataplane } = context;
  const { computeId } = amphora;
  const memberNetwork = await network.getNetwork(subnet.networkId);
  if (!computeId || !memberNetwork) {
    throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Network', id: subnet.networkId });
  }
  const port = await network.createPort({
    name: `${memberPortPrefix(amphora.id)}${subnet.networkId}`,
    networkId: subnet.networkId,
    fixedIps: [{ subnetId: subnet.id }],
    deviceId: computeId,
    deviceOwner: 'octavia:member',
    vnicType,
  });
  await compute.attachPort(computeId, port);
  await dataplane.plugNetwork(amphora, { port, subnet, mtu: memberNetwork.mtu });
  // Last: what is recorded is in place and not looked at again.
  await amphorae.addMemberPort(store.db, amphora.id, subnet.networkId, port.id);
}

async function plugInto(context: StepContext, isTarget: (amphora: Amphora) => boolean): Promise<string> {
  const needed = await neededNetworks(context);
  if (needed.size === 0) return '0 plugged';
  const targets = (await amphoraeOf(context)).filter(isTarget);
  const counts = await Promise.all(
    targets.map(async (amphora) => {
      const ports = await amphorae.memberPorts(context.store.db, amphora.id);
      const present = new Set(ports.map(({ networkId }) => networkId));
      const missing = [...needed].filter(([networkId]) => !present.has(networkId));
      for (const [, need] of missing) await plug(context, amphora, need);
      return missing.length;
    }),
  );
  return `${counts.reduce((sum, count) => sum + count, 0)} plugged`;
}

/** Before the configuration names the new members. */
export const plugMemberNetworks: Step = {
  name: 'plug member networks',
  run: (context) => plugInto(context, isServing),
};

/** The same for an amphora that is not in service yet. */
export const plugMemberNetworksInto = (id: string): Step => ({
  name: `plug member networks into ${id}`,
  run: (context) => plugInto(context, (amphora) => amphora.id === id),
});

/** After the configuration no longer names the members that go. Ports are found by name: also half-plugged ones. */
export const unplugMemberNetworks: Step = {
  name: 'unplug unneeded member networks',
  async run(context) {
    const { store, network, compute } = context;
    const needed = await neededNetworks(context);
    let count = 0;
    for (const { id, computeId } of (await amphoraeOf(context)).filter(isServing)) {
      for (const port of await network.listPorts(memberPortPrefix(id))) {
        if (needed.has(port.networkId)) continue;
        if (computeId) await compute.detachPort(computeId, port.id);
        await network.deletePort(port.id);
        await amphorae.removeMemberPort(store.db, id, port.networkId);
        count += 1;
      }
    }
    return `${count} unplugged`;
  },
};
