import type { AvailabilityZoneProfile } from '../../domain/catalog.ts';
import { profileStore } from './profiles.ts';

export const availabilityZoneProfiles = profileStore<AvailabilityZoneProfile>(
  'availability_zone_profile',
  { availabilityZoneData: 'availability_zone_data' },
  { table: 'availability_zone', column: 'availability_zone_profile_id' },
);
