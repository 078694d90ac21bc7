/** The objects of one HTTP load balancer, made and removed one call at a time. */
import type { LoadBalancer, OctaviaClient } from '@octavia/client';
import { BACKEND_PORT, type Backend } from './backend.ts';
import type { ControlPlane } from './control-plane.ts';

export interface Balancer {
  id: string;
  vip: string;
  listenerId: string;
  poolId: string;
  /** By back end name. */
  memberIds: Map<string, string>;
  healthMonitorId: string | null;
}

/** Short beside what is measured: `bench/` makes its load balancers here, too. */
const INTERVAL_MS = 50;

const active = (client: OctaviaClient, id: string): Promise<LoadBalancer> =>
  client.loadBalancers.waitFor(id, 'ACTIVE', { intervalMs: INTERVAL_MS });

/** Load balancer and listener on port 80 with an empty pool. */
export async function createBalancer(
  client: OctaviaClient,
  controlPlane: ControlPlane,
  name: string,
): Promise<Balancer> {
  const { id } = await client.loadBalancers.create({
    name,
    vip_subnet_id: controlPlane.subnets.public.id,
    project_id: 'demo',
  });
  const { vip_address: vip } = await active(client, id);
  const listener = await client.listeners.create({ name, loadbalancer_id: id, protocol: 'HTTP', protocol_port: 80 });
  await active(client, id);
  const pool = await client.pools.create({
    name,
    listener_id: listener.id,
    protocol: 'HTTP',
    lb_algorithm: 'ROUND_ROBIN',
  });
  await active(client, id);
  return { id, vip, listenerId: listener.id, poolId: pool.id, memberIds: new Map(), healthMonitorId: null };
}

export async function addMember(
  client: OctaviaClient,
  balancer: Balancer,
  backend: Backend,
  subnetId: string,
): Promise<void> {
  const member = await client.members(balancer.poolId).create({
    name: backend.name,
    address: backend.address,
    protocol_port: BACKEND_PORT,
    subnet_id: subnetId,
  });
  balancer.memberIds.set(backend.name, member.id);
  await active(client, balancer.id);
}

/** Checks every second, two results decide. */
export async function addHealthMonitor(client: OctaviaClient, balancer: Balancer): Promise<void> {
  const monitor = await client.healthMonitors.create({
    pool_id: balancer.poolId,
    type: 'HTTP',
    delay: 1,
    timeout: 1,
    max_retries: 2,
    max_retries_down: 2,
  });
  balancer.healthMonitorId = monitor.id;
  await active(client, balancer.id);
}

/** Object by object, from the leaves to the root. */
export async function removeBalancer(client: OctaviaClient, balancer: Balancer): Promise<void> {
  const { id } = balancer;
  if (balancer.healthMonitorId !== null) {
    await client.healthMonitors.delete(balancer.healthMonitorId);
    await active(client, id);
  }
  for (const memberId of balancer.memberIds.values()) {
    await client.members(balancer.poolId).delete(memberId);
    await active(client, id);
  }
  await client.pools.delete(balancer.poolId);
  await active(client, id);
  await client.listeners.delete(balancer.listenerId);
  await active(client, id);
  await client.loadBalancers.delete(id);
  await client.loadBalancers.waitForDeleted(id);
}
