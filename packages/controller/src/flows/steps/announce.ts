import { deterministicUuid } from '../../domain/deterministic-uuid.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import type { Step } from '../flow.ts';

const time = (date: Date | null): string | null => date && `${date.toISOString().slice(0, -1)}000`;

/**
 * Tells other systems that a load balancer was created, changed or deleted ([controller_worker] event_notifications). Last
 * step: the statuses in it are still transitional. A repeated message has the id of the first.
 */
export function announce(event: 'create' | 'update' | 'delete'): Step {
  return {
    name: `announce the ${event}`,
    async run({ store, notifications, operation, now }) {
      if (!notifications) return 'nobody listens';
      const { loadBalancerId: id } = operation;
      const loadBalancer = await loadBalancers.get(store.db, id);
      if (!loadBalancer) return 'already gone';
      const children = (await loadBalancers.childIds(store.db, [id])).get(id);
      const { vip } = loadBalancer;
      notifications.notify({
        message_id: deterministicUuid(operation.id, 'notification'),
        publisher_id: null,
        event_type: `octavia.loadbalancer.${event}.end`,
        priority: 'INFO',
        timestamp: time(now())?.replace('T', ' ') ?? '',
        payload: {
          id,
          name: loadBalancer.name,
          description: loadBalancer.description,
          project_id: loadBalancer.projectId,
          provider: loadBalancer.provider,
          flavor_id: loadBalancer.flavorId,
          availability_zone: loadBalancer.availabilityZone,
          enabled: loadBalancer.adminStateUp,
          provisioning_status: loadBalancer.provisioningStatus,
          operating_status: loadBalancer.operatingStatus,
          tags: loadBalancer.tags,
          listeners: (children?.listenerIds ?? []).map((listener) => ({ id: listener })),
          pools: (children?.poolIds ?? []).map((pool) => ({ id: pool })),
          vip: {
            ip_address: vip.address,
            network_id: vip.networkId,
            port_id: vip.portId,
            subnet_id: vip.subnetId,
            qos_policy_id: vip.qosPolicyId,
          },
          created_at: time(loadBalancer.createdAt),
          updated_at: time(loadBalancer.updatedAt),
        },
      });
      return undefined;
    },
  };
}
