/** Which networks and subnets the amphorae of a load balancer need for its members. */
import type { Port, Subnet } from '../../clouds/network/interface.ts';
import type { LoadBalancer, VnicType } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as members from '../../store/resources/members.ts';
import type { StepContext } from '../flow.ts';

/** What an amphora needs of one network: a port with an address in each subnet that members use. */
export interface NetworkNeed {
  subnets: Subnet[];
  vnicType: VnicType;
}

/** By network, for the members that stay. The VIP's own network is among them. */
export async function neededNetworks({ store, network, operation }: StepContext): Promise<Map<string, NetworkNeed>> {
  const needed = new Map<string, NetworkNeed>();
  for (const { subnetId, direct } of await members.subnetsOf(store.db, operation.loadBalancerId)) {
    const subnet = await network.getSubnet(subnetId);
    if (!subnet) throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId });
    const known = needed.get(subnet.networkId);
    const vnicType = direct || known?.vnicType === 'direct' ? 'direct' : 'normal';
    needed.set(subnet.networkId, { subnets: [...(known?.subnets ?? []), subnet], vnicType });
  }
  return needed;
}

/** Members in the subnets of the VIPs are reached without further ado. */
export const hasVip = ({ vip, additionalVips }: LoadBalancer, subnetId: string): boolean =>
  vip.subnetId === subnetId || additionalVips.some((additional) => additional.subnetId === subnetId);

/** The further subnets of the VIP's network that members use. */
export const besideVip = (loadBalancer: LoadBalancer, needed: Map<string, NetworkNeed>): Subnet[] =>
  (needed.get(loadBalancer.vip.networkId ?? '')?.subnets ?? []).filter(({ id }) => !hasVip(loadBalancer, id));

export const subnetIdsOf = (port: Port): string[] => [...new Set(port.fixedIps.map(({ subnetId }) => subnetId))];

export const hasAddress = (port: Port, subnetId: string): boolean => subnetIdsOf(port).includes(subnetId);

/** The subnets in which the port has addresses, also those whose members are about to go: until then they are served. */
export async function subnetsOf({ network }: StepContext, port: Port): Promise<Subnet[]> {
  const found = await Promise.all(subnetIdsOf(port).map((id) => network.getSubnet(id)));
  return found.filter((subnet) => subnet !== null);
}

/** A port that was there may be from before its network had members in these subnets. */
export async function withAddresses({ network }: StepContext, port: Port, subnets: readonly Subnet[]): Promise<Port> {
  let result = port;
  for (const { id } of subnets) if (!hasAddress(result, id)) result = await network.plugFixedIp(port.id, id);
  return result;
}
