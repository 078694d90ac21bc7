/** Where a new load balancer's address comes from (API contract §7.2). */
import type { NetworkDriver, Port, PortRequest, Subnet } from '../../clouds/network/interface.ts';
import type { Config } from '../../config/index.ts';
import { canonicalAddress, cidrContains } from '../../domain/addresses.ts';
import type { AdditionalVip, Vip } from '../../domain/resources.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { Provider } from '../../providers/interface.ts';
import type { Tx } from '../../store/database.ts';
import type { AdditionalVipRequest, LoadBalancerCreate } from '../attributes/load-balancer.ts';

export type VipRequest = Pick<
  LoadBalancerCreate,
  'vipPortId' | 'vipNetworkId' | 'vipSubnetId' | 'vipAddress' | 'vipQosPolicyId' | 'additionalVips'
>;

/** Either a port that exists, or what to ask of the network service. Nothing has been changed yet. */
export type VipPlan =
  | { port: Port; vip: Vip; additionalVips: AdditionalVip[] }
  | { networkId: string; fixedIps: PortRequest['fixedIps'] };

type Settings = Config['networking'];

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

function missing(kind: 'Port' | 'Subnet' | 'Network', id: string): OctaviaError {
  return new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind, id });
}

async function subnetOf(network: NetworkDriver, id: string): Promise<Subnet> {
  const subnet = await network.getSubnet(id);
  if (!subnet) throw missing('Subnet', id);
  return subnet;
}

function checkNetworkAllowed(networkId: string, settings: Settings): void {
  const allowed = settings.valid_vip_networks ?? [];
  if (allowed.length > 0 && !allowed.some((id) => id.toLowerCase() === networkId.toLowerCase())) {
    throw refusal('Supplied VIP network_id is not allowed by the configuration of this deployment.');
  }
}

/** One address per subnet, all on the network of the VIP. */
async function checkAdditional(
  network: NetworkDriver,
  networkId: string,
  vipSubnetId: string,
  additional: readonly AdditionalVipRequest[],
): Promise<void> {
  const subnets = [vipSubnetId, ...additional.map(({ subnetId }) => subnetId)];
  if (new Set(subnets).size < subnets.length) {
    throw refusal('Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.');
  }
  for (const { subnetId } of additional) {
    if ((await subnetOf(network, subnetId)).networkId !== networkId) {
      throw refusal('All VIP subnets must belong to the same network.');
    }
  }
}

async function onPort(network: NetworkDriver, request: VipRequest, portId: string): Promise<VipPlan> {
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
  return { port, vip: vipOn(port, chosen, false), additionalVips };
}

async function subnetInNetwork(network: NetworkDriver, request: VipRequest, networkId: string): Promise<Subnet> {
  const known = await network.getNetwork(networkId);
  if (!known) throw missing('Network', networkId);
  const { vipSubnetId, vipAddress } = request;
  if (vipSubnetId !== null) {
    if (!known.subnetIds.includes(vipSubnetId)) throw missing('Subnet', vipSubnetId);
    return subnetOf(network, vipSubnetId);
  }
  const subnets = await Promise.all(known.subnetIds.map((id) => subnetOf(network, id)));
  if (vipAddress !== null) {
    const containing = subnets.find((subnet) => cidrContains(subnet.cidr, vipAddress));
    if (!containing) throw refusal('Supplied network does not contain a subnet for VIP address specified.');
    return containing;
  }
  const preferred = subnets.find((subnet) => subnet.ipVersion === 4) ?? subnets[0];
  if (!preferred) throw refusal('Supplied network does not contain a subnet.');
  return preferred;
}

/**
 * Reads the network service and decides; writes nothing.
 * @throws OctaviaError VALIDATION, NETWORK_OBJECT_NOT_FOUND
 */
export async function planVip(network: NetworkDriver, settings: Settings, request: VipRequest): Promise<VipPlan> {
  checkKinds(request, settings);
  if (request.vipQosPolicyId !== null) throw refusal('VIP QoS policy is not allowed in this deployment.');
  if (request.vipPortId !== null) {
    const plan = await onPort(network, request, request.vipPortId);
    if ('port' in plan) checkNetworkAllowed(plan.port.networkId, settings);
    return plan;
  }
  const subnet =
    request.vipNetworkId !== null
      ? await subnetInNetwork(network, request, request.vipNetworkId)
      : await subnetOf(network, request.vipSubnetId!);
  checkNetworkAllowed(subnet.networkId, settings);
  await checkAdditional(network, subnet.networkId, subnet.id, request.additionalVips);
  const wish = (subnetId: string, ipAddress: string | null) => ({ subnetId, ...(ipAddress ? { ipAddress } : {}) });
  return {
    networkId: subnet.networkId,
    fixedIps: [
      wish(subnet.id, request.vipAddress),
      ...request.additionalVips.map(({ subnetId, ipAddress }) => wish(subnetId, ipAddress)),
    ],
  };
}

/** An address before the port exists, of the right IP version: what rules about addresses can be checked against. */
export async function expectedAddresses(network: NetworkDriver, plan: VipPlan): Promise<string[]> {
  if ('port' in plan) return [plan.vip.address, ...plan.additionalVips.map(({ ipAddress }) => ipAddress)];
  const subnets = await Promise.all(plan.fixedIps.map(({ subnetId }) => subnetOf(network, subnetId)));
  return plan.fixedIps.map(({ ipAddress }, index) => ipAddress ?? subnets[index]!.cidr.split('/')[0]!);
}

function vipOn(port: Port, fixed: { subnetId: string; ipAddress: string }, portOwned: boolean): Vip {
  return {
    address: fixed.ipAddress,
    portId: port.id,
    subnetId: fixed.subnetId,
    networkId: port.networkId,
    qosPolicyId: null,
    portOwned,
  };
}

/** Makes the port, unless the provider does it, inside the transaction of the load balancer, so that neither exists without the other. */
export async function allocateVip(
  network: NetworkDriver,
  provider: Pick<Provider, 'createVip'>,
  plan: VipPlan,
  loadBalancerId: string,
  transaction: Tx,
): Promise<{ vip: Vip; additionalVips: AdditionalVip[] }> {
  if ('port' in plan) return plan;
  if (provider.createVip) return provider.createVip(transaction, loadBalancerId, plan);
  const port = await network.createPort(
    {
      name: `octavia-lb-${loadBalancerId}`,
      networkId: plan.networkId,
      fixedIps: plan.fixedIps,
      deviceId: `lb-${loadBalancerId}`,
      deviceOwner: 'Octavia',
    },
    transaction,
  );
  const [primary, ...others] = plan.fixedIps.map(({ subnetId }) => {
    const fixed = port.fixedIps.find((candidate) => candidate.subnetId === subnetId);
    if (!fixed) throw new OctaviaError('SUBNET_NO_FREE_ADDRESS', { subnet: subnetId });
    return fixed;
  });
  return { vip: vipOn(port, primary!, true), additionalVips: others };
}
