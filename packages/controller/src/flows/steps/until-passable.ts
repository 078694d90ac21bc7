import * as amphorae from '../../store/resources/amphorae.ts';
import type { Step } from '../flow.ts';
import { atTheCloud } from './at-the-cloud.ts';
import { bestEffort } from './best-effort.ts';
import { amphoraOf } from './load-tree.ts';

/**
 * Before a replacement takes sessions and the VIP: while the network service has not wired its ports, what clients and members send
 * is lost. After a while, or when the service cannot be asked, the failover goes on all the same: the old amphora may be dead.
 */
export function waitUntilPassable(id: string): Step {
  return {
    name: `wait until the network lets traffic pass to ${id}`,
    async run(context) {
      const { store, network } = context;
      if (!network.untilPassable) return 'at once';
      const { vrrpPortId } = await amphoraOf(context, id);
      const members = await amphorae.memberPorts(store.db, id);
      const ports = [...(vrrpPortId === null ? [] : [vrrpPortId]), ...members.map(({ portId }) => portId)];
      await atTheCloud(context, () =>
        Promise.all(
          ports.map((port) =>
            bestEffort(context, `Waiting for port ${port}`, async () => network.untilPassable?.(port)),
          ),
        ),
      );
      return `${ports.length} ports`;
    },
  };
}
