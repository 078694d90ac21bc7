/** Flavors and their profiles (API contract §13.3). */
import type { Flavor, FlavorProfile } from '../../domain/catalog.ts';
import { DESCRIPTION, IDENTITY } from './common.ts';
import { responder } from './response.ts';
import { boolean, text, uuid } from './scalar-types.ts';
import type { AttributeTable } from './table.ts';

/** Longer texts are refused; so much holds every key of every provider. */
export const LONGEST_METADATA = 4096;

export const FLAVOR = {
  ...IDENTITY,
  name: { type: text(), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  description: DESCRIPTION,
  enabled: { type: boolean, accepted: 'create and update', default: true, nullOnUpdate: 'refuse' },
  flavorProfileId: { type: uuid, accepted: 'create', required: true },
} as const satisfies AttributeTable;

export const FLAVOR_ENVELOPE = { argument: 'flavor_', wrapper: 'flavor' };
export const flavorResponse = responder<Flavor, null>(FLAVOR);

export const FLAVOR_PROFILE = {
  ...IDENTITY,
  name: { type: text(), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  providerName: { type: text(), accepted: 'create and update', required: true, nullOnUpdate: 'refuse' },
  flavorData: {
    type: text({ max: LONGEST_METADATA }),
    accepted: 'create and update',
    required: true,
    nullOnUpdate: 'refuse',
    description: 'A JSON object as text; its keys are the flavor capabilities of the provider.',
  },
} as const satisfies AttributeTable;

export const FLAVOR_PROFILE_ENVELOPE = { argument: 'flavor_profile', wrapper: 'flavorprofile' };
export const flavorProfileResponse = responder<FlavorProfile, null>(FLAVOR_PROFILE);
