import type { FastifyInstance } from 'fastify';
import type { AvailabilityZoneProfile } from '../../domain/catalog.ts';
import { availabilityZoneProfiles as store } from '../../store/resources/availability-zone-profiles.ts';
import {
  AVAILABILITY_ZONE_PROFILE,
  AVAILABILITY_ZONE_PROFILE_ENVELOPE,
  availabilityZoneProfileResponse,
} from '../attributes/availability-zone.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type ProfileKind, profileRoutes } from './profile-routes.ts';
import { createBody, updateBody } from './request.ts';

const AVAILABILITY_ZONE_PROFILES: ProfileKind<AvailabilityZoneProfile> = {
  kind: 'Availability Zone Profile',
  usedAs: 'Availability Zone Profile',
  path: '/v2/lbaas/availabilityzoneprofiles',
  wrapper: 'availability_zone_profile',
  plural: 'availability_zone_profiles',
  linksKey: 'availability_zone_profile_links',
  rules: {
    getAll: 'availability-zone-profile:get_all',
    getOne: 'availability-zone-profile:get_one',
    post: 'availability-zone-profile:post',
    put: 'availability-zone-profile:put',
    delete: 'availability-zone-profile:delete',
  },
  queryable: queryableFields(AVAILABILITY_ZONE_PROFILE),
  store,
  create: (request) => createBody(request, AVAILABILITY_ZONE_PROFILE, AVAILABILITY_ZONE_PROFILE_ENVELOPE),
  change: (request) => updateBody(request, AVAILABILITY_ZONE_PROFILE, AVAILABILITY_ZONE_PROFILE_ENVELOPE),
  respond: (profile, fields) => availabilityZoneProfileResponse(profile, null, fields),
  dataField: 'availabilityZoneData',
  dataName: 'availability_zone_data',
  validate: (provider, data) => provider.validateAvailabilityZone(data),
};

export function availabilityZoneProfiles(server: FastifyInstance, deps: ApiDependencies): void {
  profileRoutes(server, deps, AVAILABILITY_ZONE_PROFILES);
}
