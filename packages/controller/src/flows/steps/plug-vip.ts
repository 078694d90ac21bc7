/** The port through which an amphora is reached at the VIP. */
import type { Network, Subnet } from '../../clouds/network/interface.ts';
import type { CallLimit, PluggedVip } from '../../dataplane/interface.ts';
import type { Amphora, LoadBalancer } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as amphorae from '../../store/resources/amphorae.ts';
import type { Step, StepContext } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { amphoraOf, loadBalancerOf } from './load-tree.ts';
import { besideVip, hasVip, neededNetworks, subnetsOf, withAddresses } from './member-networks.ts';
import { vrrpPortName } from './port-names.ts';
import { groupsOf } from './vip-group.ts';

const missing = (kind: 'Subnet' | 'Network', id: string) => new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind, id });

interface VipPlace {
  subnet: Subnet;
  network: Network;
  additional: { subnet: Subnet; address: string }[];
  memberSubnets: Subnet[];
}

async function placeOf(context: StepContext, loadBalancer: LoadBalancer): Promise<VipPlace> {
  const { network } = context;
  const { vip, additionalVips } = loadBalancer;
  if (!vip.subnetId) throw missing('Subnet', 'of the VIP');
  const subnet = await network.getSubnet(vip.subnetId);
  if (!subnet) throw missing('Subnet', vip.subnetId);
  const vipNetwork = await network.getNetwork(subnet.networkId);
  if (!vipNetwork) throw missing('Network', subnet.networkId);
  const additional = await Promise.all(
    additionalVips.map(async ({ subnetId, ipAddress }) => {
      const found = await network.getSubnet(subnetId);
      if (!found) throw missing('Subnet', subnetId);
      return { subnet: found, address: ipAddress };
    }),
  );
  const memberSubnets = besideVip(loadBalancer, await neededNetworks(context));
  return { subnet, network: vipNetwork, additional, memberSubnets };
}

/** The amphora's own port on the VIP's network, made and attached. Idempotent. */
async function basePort(context: StepContext, amphora: Amphora, loadBalancer: LoadBalancer): Promise<PluggedVip> {
  const { network, compute } = context;
  const { computeId } = amphora;
  const { vip, additionalVips } = loadBalancer;
  const place = await placeOf(context, loadBalancer);
  if (!computeId) {
    throw new OctaviaError('COMPUTE_ATTACH_FAILED', {
      port: 'of the VIP',
      instance: 'none',
      detail: 'it is not built',
    });
  }
  // Of each subnet: also an amphora that does not hold the VIPs checks members there.
  const subnets = [place.subnet, ...place.additional.map(({ subnet }) => subnet), ...place.memberSubnets];
  const created = await network.createPort({
    name: vrrpPortName(amphora.id),
    loadBalancerId: loadBalancer.id,
    networkId: place.network.id,
    fixedIps: subnets.map(({ id }) => ({ subnetId: id })),
    deviceId: computeId,
    deviceOwner: 'octavia:vrrp',
    qosPolicyId: vip.qosPolicyId,
    securityGroupIds: await groupsOf(context, loadBalancer),
    vnicType: vip.vnicType,
    // The VIPs move between amphorae: each port lets them pass.
    allowedAddresses: [vip.address, ...additionalVips.map(({ ipAddress }) => ipAddress)],
  });
  const port = await withAddresses(context, created, place.memberSubnets);
  await atTheCloud(context, () => compute.attachPort(computeId, port));
  const { subnet, additional } = place;
  const memberSubnets = (await subnetsOf(context, port)).filter(({ id }) => !hasVip(loadBalancer, id));
  return {
    port,
    subnet,
    mtu: place.network.mtu,
    ...(additional.length > 0 ? { additional } : {}),
    memberSubnets,
  };
}

interface PlugChoice {
  /** The role in which it plugs: only STANDALONE puts the VIPs on the interface. */
  as?: Amphora['role'];
  /** Besides those of the VIPs the only subnets in which the interface keeps addresses; left out: all the port has. */
  memberSubnets?: Subnet[];
  limit?: CallLimit;
}

/** Makes the VIP's interface of an amphora whose port is there or not. Idempotent. */
export async function plug(
  context: StepContext,
  id: string,
  { as, memberSubnets, limit }: PlugChoice = {},
): Promise<Partial<Amphora>> {
  const amphora = await amphoraOf(context, id);
  const loadBalancer = await loadBalancerOf(context);
  const plugged = await basePort(context, amphora, loadBalancer);
  const own = plugged.port.fixedIps.find(({ subnetId }) => subnetId === plugged.subnet.id);
  const { address: haIp, portId: haPortId } = loadBalancer.vip;
  const place = { vrrpIp: own?.ipAddress ?? null, vrrpPortId: plugged.port.id, haIp, haPortId };
  const role = as ?? amphora.role;
  const wanted = memberSubnets === undefined ? plugged : { ...plugged, memberSubnets };
  const vrrpInterface = await context.dataplane.plugVip({ ...amphora, ...place, role }, wanted, limit);
  return { ...place, vrrpInterface };
}

/** @param status what the amphora is from then on; left out: as before */
export function plugVip(id: string, status?: 'ALLOCATED'): Step {
  return {
    name: `plug VIP into ${id}`,
    async run(context) {
      const place = await plug(context, id);
      await amphorae.update(context.store.db, id, { ...place, ...(status ? { status } : {}) });
      return place.vrrpInterface ?? undefined;
    },
  };
}

/** Everything but the VIP itself, which another amphora still has: its successor can take its configuration already. */
export function readyVip(id: string): Step {
  return {
    name: `ready the port of the VIP in ${id}`,
    async run(context) {
      const place = await plug(context, id, { as: 'BACKUP' });
      await amphorae.update(context.store.db, id, place);
      return place.vrrpInterface ?? undefined;
    },
  };
}
