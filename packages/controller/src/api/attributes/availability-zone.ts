/** Availability zones and their profiles (API contract §13.4). */
import type { AvailabilityZone, AvailabilityZoneProfile } from '../../domain/catalog.ts';
import { DESCRIPTION, IDENTITY } from './common.ts';
import { LONGEST_METADATA } from './flavor.ts';
import { responder } from './response.ts';
import { boolean, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

export const AVAILABILITY_ZONE = {
  // Zones have no other identity than their name.
  id: { type: text({ min: 1, max: 255 }), name: 'name', accepted: 'create', required: true },
  description: DESCRIPTION,
  enabled: { type: boolean, accepted: 'create and update', default: true, nullOnUpdate: 'refuse' },
  availabilityZoneProfileId: { type: uuid, accepted: 'create', required: true },
} as const satisfies AttributeTable;

export const AVAILABILITY_ZONE_ENVELOPE = { argument: 'availability_zone_', wrapper: 'availability_zone' };
export const availabilityZoneResponse = responder<AvailabilityZone, null>(AVAILABILITY_ZONE);

export const AVAILABILITY_ZONE_PROFILE = {
  ...IDENTITY,
  name: { type: text(), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  providerName: { type: text(), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  availabilityZoneData: {
    type: text({ max: LONGEST_METADATA }),
    accepted: 'create and update',
    required: true,
    nullOnUpdate: 'refuse',
    description: 'A JSON object as text; its keys are the availability zone capabilities of the provider.',
  },
} as const satisfies AttributeTable;

export const AVAILABILITY_ZONE_PROFILE_ENVELOPE = {
  argument: 'availability_zone_profile_',
  wrapper: 'availability_zone_profile',
};
export const availabilityZoneProfileResponse = responder<AvailabilityZoneProfile, null>(AVAILABILITY_ZONE_PROFILE);
