import type { FastifyInstance } from 'fastify';
import type { FlavorProfile } from '../../domain/catalog.ts';
import { flavorProfiles as store } from '../../store/resources/flavor-profiles.ts';
import { FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE, flavorProfileResponse } from '../attributes/flavor.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type ProfileKind, profileRoutes } from './profile-routes.ts';
import { createBody, updateBody } from './request.ts';

const FLAVOR_PROFILES: ProfileKind<FlavorProfile> = {
  kind: 'Flavor Profile',
  usedAs: 'Flavor profile',
  path: '/v2/lbaas/flavorprofiles',
  wrapper: 'flavorprofile',
  plural: 'flavorprofiles',
  linksKey: 'flavorprofile_links',
  rules: {
    getAll: 'flavor-profile:get_all',
    getOne: 'flavor-profile:get_one',
    post: 'flavor-profile:post',
    put: 'flavor-profile:put',
    delete: 'flavor-profile:delete',
  },
  queryable: queryableFields(FLAVOR_PROFILE),
  store,
  create: (request) => createBody(request, FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE),
  change: (request) => updateBody(request, FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE),
  respond: (profile, fields) => flavorProfileResponse(profile, null, fields),
  dataField: 'flavorData',
  dataName: 'flavor_data',
  validate: (provider, data) => provider.validateFlavor(data),
};

export function flavorProfiles(server: FastifyInstance, deps: ApiDependencies): void {
  profileRoutes(server, deps, FLAVOR_PROFILES);
}
