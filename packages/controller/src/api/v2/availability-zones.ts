import type { FastifyInstance } from 'fastify';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import { availabilityZoneProfiles as profiles } from '../../store/resources/availability-zone-profiles.ts';
import * as store from '../../store/resources/availability-zones.ts';
import {
  AVAILABILITY_ZONE,
  AVAILABILITY_ZONE_ENVELOPE,
  availabilityZoneResponse,
} from '../attributes/availability-zone.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';

const KIND = 'Availability Zone';
const PATH = '/v2/lbaas/availabilityzones';
const QUERYABLE = queryableFields(AVAILABILITY_ZONE);

/** Zones are found by name; a name with a slash is reached URL-encoded. */
export function availabilityZones(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  server.get(PATH, async (request) => {
    authorise(request, 'availability-zone:get_all');
    return answerList(deps, request, {
      plural: 'availability_zones',
      queryable: QUERYABLE,
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => availabilityZoneResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:name`, async (request) => {
    authorise(request, 'availability-zone:get_one');
    const name = parameter(request, 'name');
    const zone = found(await store.get(db, name), KIND, name);
    return { availability_zone: availabilityZoneResponse(zone, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const zone = createBody(request, AVAILABILITY_ZONE, AVAILABILITY_ZONE_ENVELOPE);
    authorise(request, 'availability-zone:post');
    await deps.store.transaction(async (tx) => {
      if (!(await profiles.hold(tx, zone.availabilityZoneProfileId))) {
        throw refusal('Invalid availability_zone_profile_id.');
      }
      await store.insert(tx, zone);
    });
    return reply.code(201).send({ availability_zone: availabilityZoneResponse(zone, null) });
  });

  server.put(`${PATH}/:name`, async (request) => {
    const change = updateBody(request, AVAILABILITY_ZONE, AVAILABILITY_ZONE_ENVELOPE);
    authorise(request, 'availability-zone:put');
    const name = parameter(request, 'name');
    const zone = await deps.store.transaction(async (tx) => {
      found(await store.get(tx, name), KIND, name);
      await store.update(tx, name, { ...change, updatedAt: deps.now() });
      return found(await store.get(tx, name), KIND, name);
    });
    return { availability_zone: availabilityZoneResponse(zone, null) };
  });

  server.delete(`${PATH}/:name`, async (request, reply) => {
    authorise(request, 'availability-zone:delete');
    const name = parameter(request, 'name');
    const result = await deps.store.transaction((tx) => store.removeUnused(tx, name));
    if (result === 'absent') throw notFound(KIND, name);
    if (result === 'in use') throw new OctaviaError('OBJECT_IN_USE', { object: KIND, id: name });
    return reply.code(204).send();
  });
}
