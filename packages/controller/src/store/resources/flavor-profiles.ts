import type { FlavorProfile } from '../../domain/catalog.ts';
import { profileStore } from './profiles.ts';

export const flavorProfiles = profileStore<FlavorProfile, 'flavor_profile'>(
  'flavor_profile',
  {
    id: 'id',
    name: 'name',
    providerName: 'provider_name',
    flavorData: 'flavor_data',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  { table: 'flavor', column: 'flavor_profile_id' },
);
