/** Where a new load balancer's address comes from (API contract §7.2). */
import type { NetworkDriver, Port, PortRequest, Subnet } from '../../clouds/network/interface.ts';
import type { Config } from '../../config/index.ts';
import { canonicalAddress, cidrContains } from '../../domain/addresses.ts';
import { NIL } from '../../domain/catalog.ts';
import type { AdditionalVip, LoadBalancer, Vip, VnicType } from '../../domain/resources.ts';
import type { Topology } from '../../domain/statuses.ts';
import { checkHostAddress } from '../../domain/validation/host-address.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { NewVip, Provider, VipWish } from '../../providers/interface.ts';
import type { AdditionalVipRequest, LoadBalancerCreate } from '../attributes/load-balancer.ts';
import type { SeenNetworks } from './seen-networks.ts';
import { askAhead } from './subnets.ts';

export type VipRequest = Pick<
  LoadBalancerCreate,
  'vipPortId' | 'vipNetworkId' | 'vipSubnetId' | 'vipAddress' | 'vipQosPolicyId' | 'vipSgIds' | 'additionalVips'
>;

type Addresses = Pick<LoadBalancer, 'vip' | 'additionalVips'>;

/** With the addresses as the request spells them, those that it names. */
export function asSpelled<T extends Addresses>(
  loadBalancer: T,
  { givenVipAddress, additionalVips }: Pick<LoadBalancerCreate, 'givenVipAddress' | 'additionalVips'>,
): T {
  const spellings = new Map(additionalVips.map(({ subnetId, givenAddress }) => [subnetId, givenAddress]));
  return {
    ...loadBalancer,
    vip: { ...loadBalancer.vip, givenAddress: givenVipAddress },
    additionalVips: loadBalancer.additionalVips.map((additional) => {
      const givenAddress = spellings.get(additional.subnetId) ?? null;
      return givenAddress === null ? additional : { ...additional, givenAddress };
    }),
  };
}

/** Either a port that exists, or what to ask of the network service. Nothing has been changed yet. */
export type VipPlan =
  | { port: Port; vip: Vip; additionalVips: AdditionalVip[] }
  | (VipWish & { fixedIps: PortRequest['fixedIps'] });

type Settings = Config['networking'];

/** What the flavor says about the VIP. */
export interface VipChoice {
  topology: Topology;
  vnicType: VnicType;
}

const KINDS = [
  ['vip_port_id', 'vipPortId', 'allow_vip_port_id'],
  ['vip_network_id', 'vipNetworkId', 'allow_vip_network_id'],
  ['vip_subnet_id', 'vipSubnetId', 'allow_vip_subnet_id'],
] as const;

function checkKinds(request: VipRequest, settings: Settings): void {
  if (KINDS.every(([, field]) => request[field] === null)) {
    const allowed = KINDS.filter(([, , option]) => settings[option]).map(([name]) => name);
    throw refusal(`VIP must contain one of: ${allowed.join(', ')}.`);
  }
  for (const [name, field, option] of KINDS) {
    if (request[field] !== null && !settings[option]) {
      throw refusal(`use of ${name} is disallowed by this deployment's configuration.`);
    }
  }
}

/** Whether the request names them or brings a port that has them. @throws OctaviaError INVALID_OPTION */
function checkAddresses(vip: string | null, additional: readonly (string | null)[], settings: Settings): void {
  const rules = { reservedIps: settings.reserved_ips };
  if (vip !== null) checkHostAddress(vip, 'vip_address', rules);
  for (const address of additional) if (address !== null) checkHostAddress(address, 'additional_vips', rules);
}

function missing(kind: 'Port' | 'Subnet' | 'Network' | 'qos_policy' | 'Security Group', id: string): OctaviaError {
  return new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind, id });
}

async function subnetOf(network: SeenNetworks, id: string): Promise<Subnet> {
  const subnet = await network.getSubnet(id);
  if (!subnet) throw missing('Subnet', id);
  return subnet;
}

/** Whether a port on the network may have an address in the subnet. */
const joins = (network: SeenNetworks, subnet: Subnet, networkId: string): boolean =>
  network.joins ? network.joins(subnet, networkId) : subnet.networkId === networkId;

function checkNetworkAllowed(networkId: string, settings: Settings): void {
  const isAmong = (ids: readonly string[]) => ids.some((id) => id.toLowerCase() === networkId.toLowerCase());
  const allowed = settings.valid_vip_networks ?? [];
  if ((allowed.length > 0 && !isAmong(allowed)) || isAmong(settings.denylist_vip_networks ?? [])) {
    throw refusal('Supplied VIP network_id is not allowed by the configuration of this deployment.');
  }
}

/** @throws OctaviaError VALIDATION where the network service knows no QoS, NETWORK_OBJECT_NOT_FOUND */
export async function checkQosPolicy(network: SeenNetworks, id: string | null): Promise<void> {
  // Any policy tells whether there could be one: clearing needs the service's extension, too.
  const exists = await network.qosPolicyExists(id ?? NIL);
  if (exists === null) throw refusal('VIP QoS policy is not allowed in this deployment.');
  if (id !== null && !exists) throw missing('qos_policy', id);
}

/** @throws OctaviaError VALIDATION, NETWORK_OBJECT_NOT_FOUND */
export async function checkSecurityGroups(
  network: SeenNetworks,
  ids: readonly string[],
  vnicType: VnicType,
): Promise<void> {
  if (ids.length > 0 && vnicType === 'direct') {
    throw refusal('vip_sg_ids cannot be used with a VIP of vNIC type direct.');
  }
  for (const id of ids) if (!(await network.securityGroupExists(id))) throw missing('Security Group', id);
}

/** One address per subnet, all on the network of the VIP. */
async function checkAdditional(
  network: SeenNetworks,
  networkId: string,
  vipSubnetId: string,
  additional: readonly AdditionalVipRequest[],
): Promise<void> {
  const subnets = [vipSubnetId, ...additional.map(({ subnetId }) => subnetId)];
  if (new Set(subnets).size < subnets.length) {
    throw refusal('Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.');
  }
  for (const { subnetId } of additional) {
    if (!joins(network, await subnetOf(network, subnetId), networkId)) {
      throw refusal('All VIP subnets must belong to the same network.');
    }
  }
}

async function onPort(
  network: SeenNetworks,
  request: VipRequest,
  portId: string,
  vnicType: VnicType,
): Promise<VipPlan> {
  const port = await network.getPort(portId);
  if (!port) throw missing('Port', portId);
  if (port.deviceId !== '') throw refusal(`Port ${portId} is already used by device ${port.deviceId} `);
  let candidates = port.fixedIps;
  if (request.vipSubnetId !== null) {
    await subnetOf(network, request.vipSubnetId);
    candidates = candidates.filter(({ subnetId }) => subnetId === request.vipSubnetId);
    if (candidates.length === 0) {
      throw refusal('No VIP address found on the specified VIP port within the specified subnet.');
    }
  }
  if (request.vipAddress !== null) {
    candidates = candidates.filter(({ ipAddress }) => canonicalAddress(ipAddress) === request.vipAddress);
    if (candidates.length === 0) throw refusal('Specified VIP address not found on the specified VIP port.');
  }
  const [chosen] = candidates;
  if (!chosen || (candidates.length > 1 && request.vipSubnetId === null)) {
    throw refusal("VIP port's subnet could not be determined. Please specify either a VIP subnet or address.");
  }
  await checkAdditional(network, port.networkId, chosen.subnetId, request.additionalVips);
  const additionalVips = request.additionalVips.map(({ subnetId, ipAddress }): AdditionalVip => {
    const own = port.fixedIps.find(
      (fixed) => fixed.subnetId === subnetId && (ipAddress === null || canonicalAddress(fixed.ipAddress) === ipAddress),
    );
    if (!own) throw refusal('No VIP address found on the specified VIP port within the specified subnet.');
    return { subnetId, ipAddress: own.ipAddress };
  });
  const own = {
    vnicType,
    qosPolicyId: request.vipQosPolicyId ?? port.qosPolicyId,
    securityGroupIds: request.vipSgIds,
    portOwned: false,
  };
  return { port, vip: vipOn(port, chosen, own), additionalVips };
}

/** The VIP and one for each amphora. */
const ADDRESSES_NEEDED: Record<Topology, number> = { SINGLE: 2, ACTIVE_STANDBY: 3 };

/** The first subnet with room, IPv4 before IPv6. */
async function roomySubnet(network: SeenNetworks, subnets: readonly Subnet[], topology: Topology): Promise<Subnet> {
  if (subnets.length === 0) throw refusal('Supplied network does not contain a subnet.');
  const preferred = [...subnets].sort((a, b) => a.ipVersion - b.ipVersion);
  for (const subnet of preferred) {
    if ((await network.countFreeAddresses(subnet)) >= ADDRESSES_NEEDED[topology]) return subnet;
  }
  throw refusal('Subnet(s) in the supplied network do not contain enough available IPs.');
}

async function subnetInNetwork(
  network: SeenNetworks,
  request: VipRequest,
  networkId: string,
  topology: Topology,
): Promise<Subnet> {
  const known = await network.getNetwork(networkId);
  if (!known) throw missing('Network', networkId);
  const { vipSubnetId, vipAddress } = request;
  if (vipSubnetId !== null) {
    const subnet = await subnetOf(network, vipSubnetId);
    if (!joins(network, subnet, known.id)) throw missing('Subnet', vipSubnetId);
    return { ...subnet, networkId: known.id };
  }
  const subnets = await Promise.all(known.subnetIds.map((id) => subnetOf(network, id)));
  if (vipAddress !== null) {
    const containing = subnets.find((subnet) => cidrContains(subnet.cidr, vipAddress));
    if (!containing) throw refusal('Supplied network does not contain a subnet for VIP address specified.');
    return containing;
  }
  return roomySubnet(network, subnets, topology);
}

/** A service that takes its time is asked for everything at once; the checks then hear of errors in their order. */
function askForAll(network: SeenNetworks, request: VipRequest): void {
  const { vipPortId, vipNetworkId, vipSubnetId, vipQosPolicyId, vipSgIds, additionalVips } = request;
  const questions: (Promise<unknown> | null)[] = [
    vipQosPolicyId === null ? null : network.qosPolicyExists(vipQosPolicyId),
    ...vipSgIds.map((id) => network.securityGroupExists(id)),
    vipPortId === null ? null : network.getPort(vipPortId),
    vipNetworkId === null || vipPortId !== null ? null : network.getNetwork(vipNetworkId),
  ];
  for (const question of questions) question?.catch(() => undefined);
  const choosesSubnet = vipPortId === null && vipSubnetId === null && request.vipAddress === null;
  if (choosesSubnet && vipNetworkId !== null) network.countAhead?.(vipNetworkId);
  askAhead(network, [vipSubnetId, ...additionalVips.map(({ subnetId }) => subnetId)]);
}

/**
 * Reads the network service and decides; writes nothing.
 * @throws OctaviaError VALIDATION, NETWORK_OBJECT_NOT_FOUND
 */
export async function planVip(
  network: SeenNetworks,
  settings: Settings,
  request: VipRequest,
  { topology, vnicType }: VipChoice,
): Promise<VipPlan> {
  checkKinds(request, settings);
  checkAddresses(
    request.vipAddress,
    request.additionalVips.map(({ ipAddress }) => ipAddress),
    settings,
  );
  askForAll(network, request);
  if (request.vipQosPolicyId !== null) await checkQosPolicy(network, request.vipQosPolicyId);
  await checkSecurityGroups(network, request.vipSgIds, vnicType);
  if (request.vipPortId !== null) {
    const plan = await onPort(network, request, request.vipPortId, vnicType);
    if ('port' in plan) {
      checkNetworkAllowed(plan.port.networkId, settings);
      const { vip, additionalVips } = plan;
      checkAddresses(
        vip.address,
        additionalVips.map(({ ipAddress }) => ipAddress),
        settings,
      );
    }
    return plan;
  }
  const subnet =
    request.vipNetworkId !== null
      ? await subnetInNetwork(network, request, request.vipNetworkId, topology)
      : await subnetOf(network, request.vipSubnetId!);
  checkNetworkAllowed(subnet.networkId, settings);
  await checkAdditional(network, subnet.networkId, subnet.id, request.additionalVips);
  const wish = (subnetId: string, ipAddress: string | null) => ({ subnetId, ...(ipAddress ? { ipAddress } : {}) });
  return {
    networkId: subnet.networkId,
    vnicType,
    qosPolicyId: request.vipQosPolicyId,
    securityGroupIds: request.vipSgIds,
    fixedIps: [
      wish(subnet.id, request.vipAddress),
      ...request.additionalVips.map(({ subnetId, ipAddress }) => wish(subnetId, ipAddress)),
    ],
  };
}

/** An address before the port exists, of the right IP version: what rules about addresses can be checked against. */
export async function expectedAddresses(network: SeenNetworks, plan: VipPlan): Promise<string[]> {
  if ('port' in plan) return [plan.vip.address, ...plan.additionalVips.map(({ ipAddress }) => ipAddress)];
  const subnets = await Promise.all(plan.fixedIps.map(({ subnetId }) => subnetOf(network, subnetId)));
  return plan.fixedIps.map(({ ipAddress }, index) => ipAddress ?? subnets[index]!.cidr.split('/')[0]!);
}

type OwnParts = Pick<Vip, 'qosPolicyId' | 'vnicType' | 'securityGroupIds' | 'portOwned'>;

function vipOn(port: Port, fixed: { subnetId: string; ipAddress: string }, own: OwnParts): Vip {
  return {
    address: fixed.ipAddress,
    portId: port.id,
    subnetId: fixed.subnetId,
    networkId: port.networkId,
    ...own,
  };
}

/** What a provider is asked, which may want to know of a port that exists, too. */
function wishOf(plan: VipPlan): VipWish {
  if (!('port' in plan)) return plan;
  const { port, vip, additionalVips } = plan;
  return {
    portId: port.id,
    networkId: port.networkId,
    qosPolicyId: vip.qosPolicyId,
    vnicType: vip.vnicType,
    securityGroupIds: vip.securityGroupIds,
    fixedIps: [
      { subnetId: vip.subnetId!, ipAddress: vip.address },
      ...additionalVips.map(({ subnetId, ipAddress }) => ({ subnetId, ipAddress })),
    ],
  };
}

/**
 * Decides the VIP before the transaction of the load balancer, which holds locks and must not wait for a network service.
 * The port has a name made of the load balancer's id: a port of this name is taken over, and one whose load balancer never
 * came is found by it. @throws OctaviaError VIP_ADDRESS_IN_USE, SUBNET_NO_FREE_ADDRESS
 */
export async function allocateVip(
  network: Pick<NetworkDriver, 'createPort' | 'deletePort'>,
  { createVip }: Pick<Provider, 'createVip'>,
  plan: VipPlan,
  { id: loadBalancerId, projectId }: Pick<LoadBalancer, 'id' | 'projectId'>,
): Promise<NewVip> {
  const made = await createVip?.({ id: loadBalancerId, projectId }, wishOf(plan));
  if (made) return made;
  if ('port' in plan) return plan;
  const { networkId, fixedIps, qosPolicyId, vnicType, securityGroupIds } = plan;
  const port = await network.createPort({
    name: `octavia-lb-${loadBalancerId}`,
    loadBalancerId,
    hurry: true,
    networkId,
    fixedIps,
    vnicType,
    securityGroupIds,
    deviceId: `lb-${loadBalancerId}`,
    deviceOwner: 'Octavia',
    projectId,
  });
  const addresses = fixedIps.map(({ subnetId }) => port.fixedIps.find((fixed) => fixed.subnetId === subnetId));
  const missing = addresses.indexOf(undefined);
  if (missing >= 0) {
    await network.deletePort(port.id, { hurry: true });
    throw new OctaviaError('SUBNET_NO_FREE_ADDRESS', { subnet: fixedIps[missing]!.subnetId });
  }
  const [primary, ...additionalVips] = addresses.map((fixed) => fixed!);
  const own = { qosPolicyId, vnicType, securityGroupIds: [...securityGroupIds], portOwned: true };
  return { vip: vipOn(port, primary!, own), additionalVips };
}
