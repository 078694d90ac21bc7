import type { Notification } from '../clouds/notifications/interface.ts';
import { deterministicUuid } from '../domain/deterministic-uuid.ts';
import type { Operation } from '../domain/operations.ts';
import type { Tx } from '../store/core/database.ts';
import * as loadBalancers from '../store/resources/load-balancers.ts';
import type { Flow, FlowDependencies } from './flow.ts';

const time = (date: Date | null): string | null => date && `${date.toISOString().slice(0, -1)}000`;

/**
 * Tells other systems that a load balancer was created, changed or deleted ([controller_worker] event_notifications), with the
 * transaction that ends the operation: they hear of what has happened, of all of it, and of nothing else. Call it first, for
 * the statuses in it are still transitional.
 */
export async function announce(
  tx: Tx,
  event: NonNullable<Flow['announces']>,
  operation: Operation,
  { notifications, now }: Pick<FlowDependencies, 'notifications' | 'now'>,
): Promise<void> {
  const { id: operationId, loadBalancerId: id, projectId } = operation;
  const loadBalancer = notifications && (await loadBalancers.get(tx, id));
  if (!loadBalancer) return;
  const children = (await loadBalancers.childIds(tx, [id])).get(id);
  const { vip } = loadBalancer;
  const notification: Notification = {
    message_id: deterministicUuid(operationId, 'notification'),
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
  };
  // Services that did something for the operation were told the same id.
  const context = { requestId: `req-${operationId}`, projectId, isAdmin: false };
  await notifications.notifyWith(tx, notification, context);
}
