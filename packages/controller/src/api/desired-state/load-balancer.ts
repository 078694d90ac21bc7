/** What a document says of a load balancer itself that is there. */
import type { LoadBalancer } from '../../domain/resources.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { type DesiredLoadBalancer, located, ROOT } from '../attributes/desired-state.ts';

/** Attributes that are decided when a load balancer is created. Those that the document leaves out stay as they are. */
const LASTING = [
  ['project_id', 'projectId', ({ projectId }: LoadBalancer) => projectId],
  ['provider', 'provider', ({ provider }: LoadBalancer) => provider],
  ['flavor_id', 'flavorId', ({ flavorId }: LoadBalancer) => flavorId],
  ['availability_zone', 'availabilityZone', ({ availabilityZone }: LoadBalancer) => availabilityZone],
  ['vip_subnet_id', 'vipSubnetId', ({ vip }: LoadBalancer) => vip.subnetId],
  ['vip_network_id', 'vipNetworkId', ({ vip }: LoadBalancer) => vip.networkId],
  ['vip_port_id', 'vipPortId', ({ vip }: LoadBalancer) => vip.portId],
  ['vip_address', 'vipAddress', ({ vip }: LoadBalancer) => vip.address],
] as const;

const refuse = (name: string, now: unknown, wanted: unknown): never =>
  located(`${ROOT}.${name}`, () => {
    throw refusal(`${name} of a load balancer cannot be changed: it is ${String(now)}, not ${String(wanted)}.`);
  });

function requireSameVips({ additionalVips: wanted }: DesiredLoadBalancer, { additionalVips: now }: LoadBalancer): void {
  const isThere = ({ subnetId, ipAddress }: (typeof wanted)[number]) =>
    now.some((vip) => vip.subnetId === subnetId && (ipAddress === null || vip.ipAddress === ipAddress));
  if (wanted.length === 0 || (wanted.length === now.length && wanted.every(isThere))) return;
  const list = (vips: readonly { subnetId: string; ipAddress: string | null }[]) =>
    vips.map(({ subnetId, ipAddress }) => ipAddress ?? subnetId).join(', ') || 'none';
  refuse('additional_vips', list(now), list(wanted));
}

/**
 * The load balancer as the document wants it.
 * @throws OctaviaError VALIDATION for what cannot be changed
 */
export function desiredLoadBalancer(document: DesiredLoadBalancer, current: LoadBalancer): LoadBalancer {
  for (const [name, field, read] of LASTING) {
    const wanted = document[field];
    if (wanted !== null && wanted !== read(current)) refuse(name, read(current), wanted);
  }
  requireSameVips(document, current);
  const { vip } = current;
  // A port that the user brought may have come with a policy.
  const qosPolicyId = document.vipQosPolicyId ?? (vip.portOwned ? null : vip.qosPolicyId);
  return {
    ...current,
    name: document.name === '' ? current.name : document.name,
    description: document.description,
    adminStateUp: document.adminStateUp,
    tags: document.tags,
    vip: { ...vip, qosPolicyId, securityGroupIds: document.vipSgIds },
  };
}

/** What of it is written. */
export const writtenOf = ({ name, description, adminStateUp, tags, vip }: LoadBalancer) => ({
  name,
  description,
  adminStateUp,
  tags,
  vip,
});
