/** Members may sit on other networks than the VIP: each amphora needs one port on each of those, no more and no fewer. */
import type { Subnet } from '../../clouds/network/interface.ts';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/amphorae.ts';
import type { Step, StepContext } from '../flow.ts';
import { loadTree } from './load-tree.ts';
import { memberPortPrefix } from './port-names.ts';

const isGoing = (status: string): boolean => status === 'PENDING_DELETE' || status === 'DELETED';

/** Networks (with one of the subnets used on each) that the members which stay need, besides the VIP's own. */
async function neededNetworks(context: StepContext, tree: LoadBalancerTree): Promise<Map<string, Subnet>> {
  const goingPools = new Set(tree.pools.filter((pool) => isGoing(pool.provisioningStatus)).map((pool) => pool.id));
  const subnetIds = new Set(
    tree.members
      .filter((member) => !isGoing(member.provisioningStatus) && !goingPools.has(member.poolId))
      .flatMap((member) => (member.subnetId ? [member.subnetId] : [])),
  );
  const needed = new Map<string, Subnet>();
  for (const subnetId of subnetIds) {
    const subnet = await context.network.getSubnet(subnetId);
    if (!subnet) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId });
    if (subnet.networkId !== tree.loadBalancer.vip.networkId) needed.set(subnet.networkId, subnet);
  }
  return needed;
}

const serving = (tree: LoadBalancerTree): Amphora[] =>
  tree.amphorae.filter((amphora) => amphora.status === 'ALLOCATED');

async function plug(context: StepContext, amphora: Amphora, subnet: Subnet): Promise<void> {
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
  });
  await amphorae.addMemberPort(store.db, amphora.id, subnet.networkId, port.id);
  await compute.attachPort(computeId, port);
  await dataplane.plugNetwork(amphora, { port, subnet, mtu: memberNetwork.mtu });
}

async function unplug(context: StepContext, amphora: Amphora, networkId: string, portId: string): Promise<void> {
  const { store, network, compute } = context;
  if (amphora.computeId) await compute.detachPort(amphora.computeId, portId);
  await network.deletePort(portId);
  await amphorae.removeMemberPort(store.db, amphora.id, networkId);
}

async function unplugUnneeded(context: StepContext): Promise<number> {
  const tree = await loadTree(context);
  const needed = await neededNetworks(context, tree);
  let count = 0;
  for (const amphora of serving(tree)) {
    for (const { networkId, portId } of await amphorae.memberPorts(context.store.db, amphora.id)) {
      if (needed.has(networkId)) continue;
      await unplug(context, amphora, networkId, portId);
      count += 1;
    }
  }
  return count;
}

/** Before the configuration names the new members. */
export const plugMemberNetworks: Step = {
  name: 'plug member networks',
  async run(context) {
    const tree = await loadTree(context);
    const needed = await neededNetworks(context, tree);
    let count = 0;
    for (const amphora of serving(tree)) {
      const present = new Set((await amphorae.memberPorts(context.store.db, amphora.id)).map((port) => port.networkId));
      for (const [networkId, subnet] of needed) {
        if (present.has(networkId)) continue;
        await plug(context, amphora, subnet);
        count += 1;
      }
    }
    return `${count} plugged`;
  },
};

/** After the configuration no longer names the members that go. */
export const unplugMemberNetworks: Step = {
  name: 'unplug unneeded member networks',
  async run(context) {
    return `${await unplugUnneeded(context)} unplugged`;
  },
};
