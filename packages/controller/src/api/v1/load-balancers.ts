import type { FastifyInstance } from 'fastify';
import { EVERYTHING } from '../../store/core/list-query.ts';
import * as store from '../../store/resources/load-balancers.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { readBody } from '../request-body.ts';
import { queryOf } from '../urls.ts';
import { speaking } from './crud.ts';
import { type Parents, segment } from './parents.ts';
import type { Resources } from './resources.ts';
import { forCreate, forUpdate, type Json } from './shape.ts';
import { LOAD_BALANCER, VIP } from './shapes.ts';
import { loadBalancerView, statisticsView } from './views.ts';

const PATH = '/v1/loadbalancers';
/** Whose load balancers are that nobody claims; only without authentication. */
const NOBODY = '0'.repeat(36);

export function loadBalancers(
  server: FastifyInstance,
  { identity, store: { db } }: ApiDependencies,
  resources: Resources,
  parents: Parents,
): void {
  async function views(objects: Json[]): Promise<Json[]> {
    const values = objects.map(({ id }) => String(id));
    const rows = values.length === 0 ? [] : await store.list(db, { ...EVERYTHING, filters: [{ field: 'id', values }] });
    const topologies = new Map(rows.map(({ id, topology }) => [id, topology]));
    return objects.map((object) => loadBalancerView(object, topologies.get(String(object.id)) ?? null));
  }
  const view = async (object: Json): Promise<Json> => (await views([object]))[0] as Json;

  server.get(PATH, async (request) => {
    const query = new URLSearchParams(queryOf(request.raw.url ?? ''));
    const project = query.get('project_id') ?? query.get('tenant_id');
    const filter = project === null ? '' : `?project_id=${segment(project)}`;
    return views(await resources.list(request, `/loadbalancers${filter}`, 'loadbalancers'));
  });

  server.post(PATH, async (request, reply) => {
    const { vip, ...fields } = forCreate(LOAD_BALANCER, readBody(request.body));
    const unclaimed = identity.trustsEverybody && !request.caller.projectId && !fields.project_id;
    const loadbalancer = { ...fields, ...(vip as Json), ...(unclaimed ? { project_id: NOBODY } : {}) };
    const answer = await speaking(VIP, () =>
      speaking(LOAD_BALANCER, () => resources.call(request, 'POST', '/loadbalancers', { loadbalancer })),
    );
    return reply.code(202).send(await view(answer.loadbalancer as Json));
  });

  server.get(`${PATH}/:lb`, async (request) => view(await parents.loadBalancer(request)));

  server.put(`${PATH}/:lb`, async (request, reply) => {
    const body = readBody(request.body);
    const current = await parents.loadBalancer(request);
    const loadbalancer = forUpdate(LOAD_BALANCER, body, current);
    const answer = await speaking(LOAD_BALANCER, () =>
      resources.call(request, 'PUT', `/loadbalancers/${current.id}`, { loadbalancer }),
    );
    return reply.code(202).send(await view(answer.loadbalancer as Json));
  });

  for (const [path, query] of [
    [`${PATH}/:lb`, ''],
    [`${PATH}/:lb/delete_cascade`, '?cascade=true'],
  ] as const) {
    server.delete(path, async (request, reply) => {
      const { id } = await parents.loadBalancer(request);
      await resources.call(request, 'DELETE', `/loadbalancers/${id}${query}`);
      return reply.code(202).send();
    });
  }

  server.get(`${PATH}/:lb/stats`, async (request) => {
    const { id } = await parents.loadBalancer(request);
    const stats = (path: string) => resources.show(request, `${path}/stats`, 'stats');
    const children = await resources.list(request, `/listeners?loadbalancer_id=${id}`, 'listeners');
    const listeners = [];
    for (const child of children) {
      listeners.push({ id: child.id, ...statisticsView(await stats(`/listeners/${child.id}`)) });
    }
    return { loadbalancer: { ...statisticsView(await stats(`/loadbalancers/${id}`)), listeners } };
  });
}
