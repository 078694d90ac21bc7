import { OctaviaError } from '../../errors.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { Step } from '../flow.ts';
import { amphoraeOf, loadBalancerOf } from './load-tree.ts';
import { vipPortName, vrrpPortName } from './port-names.ts';

/**
 * The port that holds the VIP's address; one that was deleted behind our back is made again, with the same address.
 * Never undone: the load balancer keeps its address whatever happens.
 */
export const checkVipPort: Step = {
  name: 'check VIP port',
  async run(context) {
    const { store, network, operation } = context;
    const { vip, additionalVips } = await loadBalancerOf(context);
    if (vip.portId && (await network.getPort(vip.portId))) return 'present';
    const { networkId, subnetId, address, qosPolicyId, securityGroupIds, vnicType } = vip;
    if (!networkId || !subnetId) {
      throw new OctaviaError('NETWORK_OBJECT_NOT_FOUND', { kind: 'Subnet', id: subnetId ?? 'of the VIP' });
    }
    const port = await network.createPort({
      name: vipPortName(operation.loadBalancerId),
      networkId,
      fixedIps: [
        { subnetId, ipAddress: address },
        ...additionalVips.map(({ subnetId: other, ipAddress }) => ({ subnetId: other, ipAddress })),
      ],
      deviceId: `lb-${operation.loadBalancerId}`,
      deviceOwner: 'Octavia',
      qosPolicyId,
      securityGroupIds,
      vnicType,
    });
    await loadBalancers.update(store.db, operation.loadBalancerId, {
      vip: { ...vip, portId: port.id, portOwned: true },
    });
    return 'made again';
  },
};

/** Deletes the VIP port when the service made it; a port the user brought stays his. */
export const releaseVip: Step = {
  name: 'release VIP',
  async run({ store, network, operation }) {
    const loadBalancer = await loadBalancers.get(store.db, operation.loadBalancerId);
    if (!loadBalancer?.vip.portId || !loadBalancer.vip.portOwned) return 'kept';
    await network.deletePort(loadBalancer.vip.portId);
    return undefined;
  },
};

/**
 * QoS policy and security groups of the VIP are in force at its own port and at those of the amphorae, where the traffic
 * passes.
 */
export const applyPortPolicies: Step = {
  name: 'apply QoS policy and security groups',
  async run(context) {
    const { network } = context;
    const { vip } = await loadBalancerOf(context);
    const { qosPolicyId, securityGroupIds } = vip;
    const own = vip.portId ? await network.getPort(vip.portId) : null;
    const ports = own ? [own] : [];
    for (const { id } of await amphoraeOf(context)) ports.push(...(await network.listPorts(vrrpPortName(id))));
    const wanted = JSON.stringify([qosPolicyId, securityGroupIds]);
    const different = ports.filter((port) => JSON.stringify([port.qosPolicyId, port.securityGroupIds]) !== wanted);
    for (const port of different) await network.updatePort(port.id, { qosPolicyId, securityGroupIds });
    return different.length === 0 ? 'unchanged' : `${different.length} ports changed`;
  },
};
