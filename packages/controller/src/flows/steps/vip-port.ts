import { isDeepStrictEqual } from 'node:util';
import type { Port } from '../../clouds/network/interface.ts';
import { canonicalAddress } from '../../domain/addresses.ts';
import type { LoadBalancer } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { Step } from '../flow.ts';
import { amphoraeOf, loadBalancerOf } from './load-tree.ts';
import { vipPortName, vrrpPortName } from './port-names.ts';
import { groupsOf, secureVip, wantedGroups } from './vip-group.ts';

/** Of ports that hold nothing but the addresses of VIPs. */
const VIP_OWNER = 'Octavia';

const isIn = (address: string, port: Port): boolean =>
  port.fixedIps.some(({ ipAddress }) => canonicalAddress(ipAddress) === canonicalAddress(address));

/** Why the port cannot hold the VIPs; null: it does. */
function mismatch({ vip, additionalVips }: LoadBalancer, port: Port): string | null {
  if (vip.networkId !== null && port.networkId !== vip.networkId) return `it is on network ${port.networkId}`;
  const lost = [vip.address, ...additionalVips.map(({ ipAddress }) => ipAddress)].find((ip) => !isIn(ip, port));
  return lost === undefined ? null : `it does not have the address ${lost}`;
}

/**
 * The port that holds the VIPs' addresses; one that was deleted or changed behind our back is made again, with the same
 * addresses, unless it is the user's and still there. Never undone: the load balancer keeps its address whatever happens.
 */
export const checkVipPort: Step = {
  name: 'check VIP port',
  async run(context) {
    const { store, network, operation } = context;
    const loadBalancer = await loadBalancerOf(context);
    const { vip, additionalVips } = loadBalancer;
    const present = vip.portId === null ? null : await network.getPort(vip.portId);
    const broken = present && mismatch(loadBalancer, present);
    if (present && broken === null) {
      await secureVip(context);
      return 'present';
    }
    if (present && !vip.portOwned) {
      throw new OctaviaError('VIP_PORT_MISMATCH', { port: present.id, detail: String(broken) });
    }
    if (present) await network.deletePort(present.id);
    const { networkId, subnetId, address, securityGroupIds, vnicType } = vip;
    if (!networkId || !subnetId) {
      throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId ?? 'of the VIP' });
    }
    const port = await network.createPort({
      name: vipPortName(operation.loadBalancerId),
      loadBalancerId: operation.loadBalancerId,
      networkId,
      fixedIps: [
        { subnetId, ipAddress: address },
        ...additionalVips.map(({ subnetId: other, ipAddress }) => ({ subnetId: other, ipAddress })),
      ],
      deviceId: `lb-${operation.loadBalancerId}`,
      deviceOwner: VIP_OWNER,
      projectId: loadBalancer.projectId,
      securityGroupIds,
      vnicType,
    });
    await loadBalancers.update(store.db, operation.loadBalancerId, {
      vip: { ...vip, portId: port.id, portOwned: true },
    });
    await secureVip(context);
    return 'made again';
  },
};

/** Deletes the VIP port when the service made it; a port the user brought stays his, and so does one that he uses otherwise. */
export const releaseVip: Step = {
  name: 'release VIP',
  async run({ store, network, operation }) {
    const loadBalancer = await loadBalancers.get(store.db, operation.loadBalancerId);
    if (!loadBalancer) return 'kept';
    const { portId, portOwned } = loadBalancer.vip;
    // First, for it may fail: until then the load balancer can be repaired.
    await network.removeVipGroup?.(loadBalancer.id, portId);
    if (!portId || !portOwned) return 'kept';
    const port = await network.getPort(portId);
    if (port !== null && port.deviceOwner !== VIP_OWNER) return 'kept';
    await network.deletePort(portId);
    return undefined;
  },
};

/**
 * The QoS policy is in force where the traffic passes, at the ports of the amphorae; security groups there and at the port of
 * the VIP.
 */
export const applyPortPolicies: Step = {
  name: 'apply QoS policy and security groups',
  async run(context) {
    const { network } = context;
    const loadBalancer = await loadBalancerOf(context);
    const { vip } = loadBalancer;
    const { qosPolicyId } = vip;
    // Where the user's groups go, the rules for listeners are there before: nobody is shut out.
    if (vip.securityGroupIds.length === 0) await secureVip(context);
    const groups = await groupsOf(context, loadBalancer);
    const own = vip.portId ? await network.getPort(vip.portId) : null;
    const ofAmphorae = await Promise.all(
      (await amphoraeOf(context)).map(({ id }) => network.listPorts(vrrpPortName(id))),
    );
    const changes = [...(own ? [own] : []), ...ofAmphorae.flat()].flatMap((port) => {
      const securityGroupIds = wantedGroups(loadBalancer, port, groups);
      const qos = port.id === own?.id || port.qosPolicyId === qosPolicyId ? {} : { qosPolicyId };
      const security = isDeepStrictEqual(new Set(port.securityGroupIds), new Set(securityGroupIds))
        ? {}
        : { securityGroupIds };
      const change = { ...qos, ...security };
      return Object.keys(change).length === 0 ? [] : [{ id: port.id, change }];
    });
    await Promise.all(changes.map(({ id, change }) => network.updatePort(id, change)));
    return changes.length === 0 ? 'unchanged' : `${changes.length} ports changed`;
  },
};
