import type { FastifyInstance } from 'fastify';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import { flavorProfiles as profiles } from '../../store/resources/flavor-profiles.ts';
import * as store from '../../store/resources/flavors.ts';
import { FLAVOR, FLAVOR_ENVELOPE, flavorResponse } from '../attributes/flavor.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';

const KIND = 'Flavor';
const PATH = '/v2/lbaas/flavors';
const QUERYABLE = queryableFields(FLAVOR);

/** Readable by everybody who may read anything: flavors belong to no project. */
export function flavors(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  server.get(PATH, async (request) => {
    authorise(request, 'flavor:get_all');
    return answerList(deps, request, {
      plural: 'flavors',
      queryable: QUERYABLE,
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => flavorResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    authorise(request, 'flavor:get_one');
    const flavor = found(await store.get(db, parameter(request)), KIND, parameter(request));
    return { flavor: flavorResponse(flavor, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const fields = createBody(request, FLAVOR, FLAVOR_ENVELOPE);
    authorise(request, 'flavor:post');
    const flavor = { id: deps.newId(), ...fields };
    await deps.store.transaction(async (tx) => {
      if (!(await profiles.hold(tx, fields.flavorProfileId))) throw refusal('Invalid flavor_profile_id.');
      await store.insert(tx, flavor);
    });
    return reply.code(201).send({ flavor: flavorResponse(flavor, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, FLAVOR, FLAVOR_ENVELOPE);
    authorise(request, 'flavor:put');
    const id = parameter(request);
    const flavor = await deps.store.transaction(async (tx) => {
      found(await store.get(tx, id), KIND, id);
      await store.update(tx, id, { ...change, updatedAt: deps.now() });
      return found(await store.get(tx, id), KIND, id);
    });
    return { flavor: flavorResponse(flavor, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    authorise(request, 'flavor:delete');
    const id = parameter(request);
    const result = await deps.store.transaction((tx) => store.removeUnused(tx, id));
    if (result === 'absent') throw notFound(KIND, id);
    if (result === 'in use') throw new OctaviaError('OBJECT_IN_USE', { object: KIND, id });
    return reply.code(204).send();
  });
}
