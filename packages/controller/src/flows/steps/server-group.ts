import * as serverGroups from '../../store/resources/server-groups.ts';
import type { Step } from '../flow.ts';

/** The amphorae of a load balancer run on different hosts, where the operator wants it and the cloud can. */
export const createServerGroup: Step = {
  name: 'create server group',
  async run({ store, compute, options, operation }) {
    if (options.antiAffinity === null || !compute.createServerGroup) return 'not wanted';
    const id = await compute.createServerGroup(`octavia-lb-${operation.loadBalancerId}`, options.antiAffinity);
    await serverGroups.set(store.db, operation.loadBalancerId, id);
    return undefined;
  },
  undo: deleteGroup,
};

export const deleteServerGroup: Step = {
  name: 'delete server group',
  async run(context) {
    await deleteGroup(context);
    return undefined;
  },
};

async function deleteGroup({ store, compute, operation }: Parameters<Step['run']>[0]): Promise<void> {
  const id = await serverGroups.get(store.db, operation.loadBalancerId);
  if (id === null) return;
  await compute.deleteServerGroup?.(id);
  await serverGroups.set(store.db, operation.loadBalancerId, null);
}
