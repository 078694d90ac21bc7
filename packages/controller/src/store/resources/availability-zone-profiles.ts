import type { AvailabilityZoneProfile } from '../../domain/catalog.ts';
import { profileStore } from './profiles.ts';

export const availabilityZoneProfiles = profileStore<AvailabilityZoneProfile, 'availability_zone_profile'>(
  'availability_zone_profile',
  {
    id: 'id',
    name: 'name',
    providerName: 'provider_name',
    availabilityZoneData: 'availability_zone_data',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  { table: 'availability_zone', column: 'availability_zone_profile_id' },
);
