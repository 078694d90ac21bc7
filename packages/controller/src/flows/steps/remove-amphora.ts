import * as amphorae from '../../store/amphorae.ts';
import { markAmphoraDeleted } from '../../store/settlement.ts';
import type { Step } from '../flow.ts';
import { memberPortPrefix, vrrpPortName } from './port-names.ts';

/** Every amphora of the load balancer goes: instance first (traffic stops), then its ports, then the row. Repeatable. */
export const removeAmphorae: Step = {
  name: 'remove amphorae',
  async run({ store, compute, network, operation }) {
    const all = await amphorae.byLoadBalancer(store.db, operation.loadBalancerId);
    for (const amphora of all) {
      const name = `amphora-${amphora.id}`;
      const computeId = amphora.computeId ?? (await compute.list()).find((instance) => instance.name === name)?.id;
      if (computeId) await compute.delete(computeId);
      const ports = [
        ...(await network.listPorts(vrrpPortName(amphora.id))),
        ...(await network.listPorts(memberPortPrefix(amphora.id))),
      ];
      for (const port of ports) await network.deletePort(port.id);
      await markAmphoraDeleted(store.db, amphora.id);
    }
    return `${all.length} removed`;
  },
};
