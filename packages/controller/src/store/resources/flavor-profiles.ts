import type { FlavorProfile } from '../../domain/catalog.ts';
import { profileStore } from './profiles.ts';

export const flavorProfiles = profileStore<FlavorProfile>(
  'flavor_profile',
  { flavorData: 'flavor_data' },
  { table: 'flavor', column: 'flavor_profile_id' },
);
