import type { FastifyInstance } from 'fastify';
import type { Limits, QuotaKind } from '../../domain/quotas.ts';
import * as store from '../../store/resources/quota-limits.ts';
import { queryableFields } from '../attributes/query.ts';
import { LISTED_QUOTA, listedQuotaResponse, QUOTA, QUOTA_ENVELOPE, quotaResponse } from '../attributes/quota.ts';
import { text } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { notFound } from './not-found.ts';
import { defaultLimits } from './quota-rules.ts';
import { parameter, updateBody } from './request.ts';

const PATH = '/v2/lbaas/quotas';
const QUERYABLE = queryableFields(LISTED_QUOTA);
const PROJECT = text({ min: 1, max: 255 });

export function quotas(server: FastifyInstance, deps: ApiDependencies): void {
  const defaults = defaultLimits(deps.config);

  /** What holds for the project, whether it has limits of its own or not. */
  const effective = (own: Limits | null): Limits =>
    Object.fromEntries(
      (Object.keys(defaults) as QuotaKind[]).map((kind) => [kind, own?.[kind] ?? defaults[kind]]),
    ) as Limits;

  server.get(PATH, async (request) =>
    answerList(deps, request, {
      plural: 'quotas',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'quota'),
      list: store.list,
      // OpenStack Octavia's clients ask for fields and count on getting everything.
      respond: async (rows) => rows.map((row) => listedQuotaResponse(row, null)),
    }),
  );

  server.get(`${PATH}/defaults`, async (request) => {
    authorise(request, 'quota:get_defaults');
    return { quota: quotaResponse(defaults, null) };
  });

  server.get(`${PATH}/:project`, async (request) => {
    const project = parameter(request, 'project');
    authorise(request, 'quota:get_one', project);
    return { quota: quotaResponse(effective(await store.get(deps.store.db, project)), null) };
  });

  server.get(`${PATH}/:project/default`, async (request) => {
    authorise(request, 'quota:get_defaults', parameter(request, 'project'));
    return { quota: quotaResponse(defaults, null) };
  });

  server.put(`${PATH}/:project`, async (request, reply) => {
    const limits = updateBody(request, QUOTA, QUOTA_ENVELOPE);
    const project = PROJECT.parse(parameter(request, 'project'), { name: 'project_id', path: 'quotas' });
    authorise(request, 'quota:put', project);
    const own = await deps.store.transaction(async (tx) => {
      await store.setLimits(tx, project, limits);
      return store.get(tx, project);
    });
    return reply.code(202).send({ quota: quotaResponse(effective(own), null) });
  });

  server.delete(`${PATH}/:project`, async (request, reply) => {
    const project = parameter(request, 'project');
    authorise(request, 'quota:delete', project);
    if (!(await store.resetLimits(deps.store.db, project))) throw notFound('Quotas', project);
    return reply.code(202).send();
  });
}
