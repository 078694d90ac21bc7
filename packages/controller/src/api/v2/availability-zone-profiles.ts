import type { FastifyInstance } from 'fastify';
import { parseMetadata } from '../../domain/catalog.ts';
import { OctaviaError } from '../../errors.ts';
import * as store from '../../store/availability-zone-profiles.ts';
import {
  AVAILABILITY_ZONE_PROFILE,
  AVAILABILITY_ZONE_PROFILE_ENVELOPE,
  availabilityZoneProfileResponse,
} from '../attributes/availability-zone.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';

const KIND = 'Availability Zone Profile';
const PATH = '/v2/lbaas/availabilityzoneprofiles';
const QUERYABLE = queryableFields(AVAILABILITY_ZONE_PROFILE);

const inUse = (id: string) => new OctaviaError('OBJECT_IN_USE', { object: 'Availability Zone Profile', id });

export function availabilityZoneProfiles(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  /** The text is a JSON object that the provider, which is enabled, understands. */
  async function checkData(availabilityZoneData: string, providerName: string): Promise<void> {
    const data = parseMetadata(availabilityZoneData);
    if (!data)
      throw new OctaviaError('INVALID_OPTION', { value: availabilityZoneData, option: 'availability_zone_data' });
    await deps.providers.get(providerName).validateAvailabilityZone(data);
  }

  server.get(PATH, async (request) => {
    authorise(request, 'availability-zone-profile:get_all');
    return answerList(deps, request, {
      plural: 'availability_zone_profiles',
      linksKey: 'availability_zone_profile_links',
      queryable: QUERYABLE,
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => availabilityZoneProfileResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    authorise(request, 'availability-zone-profile:get_one');
    const profile = found(await store.get(db, parameter(request)), KIND, parameter(request));
    return { availability_zone_profile: availabilityZoneProfileResponse(profile, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const fields = createBody(request, AVAILABILITY_ZONE_PROFILE, AVAILABILITY_ZONE_PROFILE_ENVELOPE);
    authorise(request, 'availability-zone-profile:post');
    await checkData(fields.availabilityZoneData, fields.providerName);
    const profile = { id: deps.newId(), ...fields };
    await deps.store.transaction((tx) => store.insert(tx, profile));
    return reply.code(201).send({ availability_zone_profile: availabilityZoneProfileResponse(profile, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, AVAILABILITY_ZONE_PROFILE, AVAILABILITY_ZONE_PROFILE_ENVELOPE);
    authorise(request, 'availability-zone-profile:put');
    const id = parameter(request);
    const profile = await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), KIND, id);
      const { availabilityZoneData, providerName } = change;
      if (availabilityZoneData !== undefined || providerName !== undefined) {
        if (current.inUse) throw inUse(id);
        await checkData(
          availabilityZoneData ?? current.profile.availabilityZoneData,
          providerName ?? current.profile.providerName,
        );
      }
      await store.update(tx, id, { ...change, updatedAt: deps.now() });
      return { ...current.profile, ...change };
    });
    return { availability_zone_profile: availabilityZoneProfileResponse(profile, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    authorise(request, 'availability-zone-profile:delete');
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), KIND, id);
      if (current.inUse) throw inUse(id);
      await store.remove(tx, id);
    });
    return reply.code(204).send();
  });
}
