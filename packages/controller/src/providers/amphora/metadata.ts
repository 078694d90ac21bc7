/** What flavors and availability zones of the amphora provider may say. */
import { UnsupportedOptionError } from '@octavia/provider-lib';
import { TOPOLOGIES } from '../../domain/statuses.ts';
import type { Capability } from '../interface.ts';

interface Key {
  description: string;
  /** Why a value is refused; null when it is fine. */
  refusal(value: unknown): string | null;
}

type Keys = Readonly<Record<string, Key>>;

const isText = (value: unknown) => (typeof value === 'string' ? null : 'is not of type string');
const isBoolean = (value: unknown) => (typeof value === 'boolean' ? null : 'is not of type boolean');
const isTopology = (value: unknown) =>
  (TOPOLOGIES as readonly unknown[]).includes(value) ? null : `is not one of ${TOPOLOGIES.join(', ')}`;
const isTextList = (value: unknown) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? null : 'is not of type array of strings';

export const FLAVOR_KEYS: Keys = {
  loadbalancer_topology: {
    description:
      'The load balancer topology. One of: SINGLE - One amphora per load balancer. ACTIVE_STANDBY - Two amphora per load balancer.',
    refusal: isTopology,
  },
  compute_flavor: { description: 'The compute driver flavor ID.', refusal: isText },
  amp_image_tag: { description: 'The amphora image tag.', refusal: isText },
  sriov_vip: { description: 'When true, the VIP port will be created using SR-IOV.', refusal: isBoolean },
  allow_member_sriov: { description: 'When true, users may ask for SR-IOV ports to members.', refusal: isBoolean },
};

export const AVAILABILITY_ZONE_KEYS: Keys = {
  compute_zone: { description: 'The compute availability zone.', refusal: isText },
  volume_zone: { description: 'The volume availability zone.', refusal: isText },
  management_network: { description: 'The management network ID for the amphora.', refusal: isText },
  valid_vip_networks: { description: 'List of network IDs that are allowed for VIP use.', refusal: isTextList },
};

export const capabilities = (keys: Keys): Capability[] =>
  Object.entries(keys).map(([name, { description }]) => ({ name, description }));

/** @throws UnsupportedOptionError */
export function validateKeys(data: Readonly<Record<string, unknown>>, keys: Keys): void {
  for (const [name, value] of Object.entries(data)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    const refusal = key ? key.refusal(value) : 'is not a supported key';
    if (refusal !== null) throw new UnsupportedOptionError({ user_fault_string: `${name} ${refusal}` });
  }
}

/** Networks that zone data names; the data has been validated. */
export function zoneNetworks({ management_network: management, valid_vip_networks: vip }: Record<string, unknown>) {
  return [management ?? [], vip ?? []].flat() as string[];
}
