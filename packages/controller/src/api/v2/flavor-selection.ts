/** What a new load balancer chooses of the operator's offer: flavor, availability zone, and with them the provider. */
import { parseMetadata } from '../../domain/catalog.ts';
import type { VnicType } from '../../domain/resources.ts';
import { TOPOLOGIES, type Topology } from '../../domain/statuses.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { GuardedProvider } from '../../providers/guarded-provider.ts';
import type { ProviderRegistry } from '../../providers/registry.ts';
import type { Tx } from '../../store/core/database.ts';
import * as zones from '../../store/resources/availability-zones.ts';
import * as flavors from '../../store/resources/flavors.ts';
import type { LoadBalancerCreate } from '../attributes/load-balancer.ts';

type Metadata = Readonly<Record<string, unknown>>;

export interface Choice {
  providerName: string;
  /** Null when none is chosen. */
  flavor: Metadata | null;
  zone: Metadata | null;
}

type Request = Pick<LoadBalancerCreate, 'provider' | 'flavorId' | 'availabilityZone'>;

/**
 * Neither flavor nor zone can be deleted until the transaction ends.
 * @throws OctaviaError VALIDATION, DISABLED_OPTION, FLAVOR_PROVIDER_MISMATCH
 */
export async function choose(tx: Tx, request: Request, registry: ProviderRegistry): Promise<Choice> {
  const { provider, flavorId, availabilityZone } = request;
  const flavor = flavorId === null ? null : await flavors.hold(tx, flavorId);
  if (flavorId !== null && !flavor) throw refusal('Invalid flavor_id.');
  if (flavor && !flavor.enabled) throw new OctaviaError('DISABLED_OPTION', { option: 'flavor', value: flavorId ?? '' });
  if (flavor && provider !== null && provider !== flavor.providerName) {
    throw new OctaviaError('FLAVOR_PROVIDER_MISMATCH', { flavor: flavorId ?? '', provider });
  }
  const zone = availabilityZone === null ? null : await zones.hold(tx, availabilityZone);
  if (availabilityZone !== null && !zone) throw refusal('Invalid availability zone.');
  if (zone && !zone.enabled) {
    throw new OctaviaError('DISABLED_OPTION', { option: 'availability_zone', value: availabilityZone ?? '' });
  }
  return {
    providerName: provider ?? flavor?.providerName ?? registry.defaultName,
    flavor: flavor && (parseMetadata(flavor.flavorData) ?? {}),
    zone: zone && (parseMetadata(zone.availabilityZoneData) ?? {}),
  };
}

/** Most requests choose nothing: no statement is spent on them. */
export function unchosen({ provider }: Request, registry: ProviderRegistry): Choice {
  return { providerName: provider ?? registry.defaultName, flavor: null, zone: null };
}

/** The provider judges again what it accepted when the profile was stored: it may have changed since. */
export async function validateChoice({ flavor, zone }: Choice, provider: GuardedProvider): Promise<void> {
  if (flavor) await provider.validateFlavor(flavor);
  if (zone) await provider.validateAvailabilityZone(zone);
}

export function topologyOf({ flavor }: Choice, configured: Topology): Topology {
  const chosen = flavor?.loadbalancer_topology;
  return TOPOLOGIES.find((topology) => topology === chosen) ?? configured;
}

/** The flavor decides how the VIP port is connected. */
export const vnicTypeOf = ({ flavor }: Choice): VnicType => (flavor?.sriov_vip === true ? 'direct' : 'normal');

/** Whether members may be reached through SR-IOV ports. */
export const allowsMemberSriov = ({ flavor }: Pick<Choice, 'flavor'>): boolean => flavor?.allow_member_sriov === true;

/** The same for a load balancer that exists. Asked only where somebody wants it. */
export async function flavorAllowsMemberSriov(tx: Tx, flavorId: string | null): Promise<boolean> {
  const flavor = flavorId === null ? null : await flavors.hold(tx, flavorId);
  return allowsMemberSriov({ flavor: flavor && (parseMetadata(flavor.flavorData) ?? {}) });
}

/** Networks that addresses may come from, when the zone restricts them. */
export function zoneVipNetworks({ zone }: Choice): string[] | null {
  const networks = zone?.valid_vip_networks;
  return Array.isArray(networks) ? networks.map(String) : null;
}
