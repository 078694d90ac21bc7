import * as loadBalancers from '../../store/load-balancers.ts';
import type { Step } from '../flow.ts';

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
