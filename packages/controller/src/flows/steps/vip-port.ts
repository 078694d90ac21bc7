import { OctaviaError } from '../../errors.ts';
import * as loadBalancers from '../../store/load-balancers.ts';
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
      fixedIps: [{ subnetId, ipAddress: address }, ...additionalVips],
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

/** The QoS policy of the VIP is in force at the ports of the amphorae, where the traffic passes. */
export const applyQosPolicy: Step = {
  name: 'apply QoS policy',
  async run(context) {
    const { network } = context;
    const { vip } = await loadBalancerOf(context);
    let changed = 0;
    for (const { id } of await amphoraeOf(context)) {
      for (const port of await network.listPorts(vrrpPortName(id))) {
        if (port.qosPolicyId === vip.qosPolicyId) continue;
        await network.updatePort(port.id, { qosPolicyId: vip.qosPolicyId });
        changed += 1;
      }
    }
    return changed === 0 ? 'unchanged' : `${changed} ports changed`;
  },
};
