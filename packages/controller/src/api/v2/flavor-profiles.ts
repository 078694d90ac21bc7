import type { FastifyInstance } from 'fastify';
import { parseMetadata } from '../../domain/catalog.ts';
import { OctaviaError } from '../../errors.ts';
import * as store from '../../store/flavor-profiles.ts';
import { FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE, flavorProfileResponse } from '../attributes/flavor.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';

const KIND = 'Flavor Profile';
const PATH = '/v2/lbaas/flavorprofiles';
const QUERYABLE = queryableFields(FLAVOR_PROFILE);

const inUse = (id: string) => new OctaviaError('OBJECT_IN_USE', { object: 'Flavor profile', id });

export function flavorProfiles(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  /** The text is a JSON object that the provider, which is enabled, understands. */
  async function checkData(flavorData: string, providerName: string): Promise<void> {
    const data = parseMetadata(flavorData);
    if (!data) throw new OctaviaError('INVALID_OPTION', { value: flavorData, option: 'flavor_data' });
    await deps.providers.get(providerName).validateFlavor(data);
  }

  server.get(PATH, async (request) => {
    authorise(request, 'flavor-profile:get_all');
    return answerList(deps, request, {
      plural: 'flavorprofiles',
      linksKey: 'flavorprofile_links',
      queryable: QUERYABLE,
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => flavorProfileResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    authorise(request, 'flavor-profile:get_one');
    const profile = found(await store.get(db, parameter(request)), KIND, parameter(request));
    return { flavorprofile: flavorProfileResponse(profile, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const fields = createBody(request, FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE);
    authorise(request, 'flavor-profile:post');
    await checkData(fields.flavorData, fields.providerName);
    const profile = { id: deps.newId(), ...fields };
    await deps.store.transaction((tx) => store.insert(tx, profile));
    return reply.code(201).send({ flavorprofile: flavorProfileResponse(profile, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, FLAVOR_PROFILE, FLAVOR_PROFILE_ENVELOPE);
    authorise(request, 'flavor-profile:put');
    const id = parameter(request);
    const profile = await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), KIND, id);
      const { flavorData, providerName } = change;
      if (flavorData !== undefined || providerName !== undefined) {
        if (current.inUse) throw inUse(id);
        await checkData(flavorData ?? current.profile.flavorData, providerName ?? current.profile.providerName);
      }
      await store.update(tx, id, { ...change, updatedAt: deps.now() });
      return { ...current.profile, ...change };
    });
    return { flavorprofile: flavorProfileResponse(profile, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    authorise(request, 'flavor-profile:delete');
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const current = found(await store.lock(tx, id), KIND, id);
      if (current.inUse) throw inUse(id);
      await store.remove(tx, id);
    });
    return reply.code(204).send();
  });
}
