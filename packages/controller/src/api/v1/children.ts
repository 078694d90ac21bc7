/** Listeners, pools, members, policies and rules: the kinds below a load balancer that have ids. */
import type { FastifyInstance } from 'fastify';
import { queryOf } from '../urls.ts';
import { crudRoutes, type Kind } from './crud.ts';
import { notFound, type Parents, parameter, segment } from './parents.ts';
import type { Resources } from './resources.ts';
import * as shapes from './shapes.ts';
import { listenerView, memberView, policyView, poolView, ruleView, statisticsView } from './views.ts';

const LISTENERS = '/v1/loadbalancers/:lb/listeners';
const LISTENER = `${LISTENERS}/:listener`;
/** Both forms of the path; the first is the older one. */
export const POOLS = [`${LISTENER}/pools`, '/v1/loadbalancers/:lb/pools'] as const;

export function children(server: FastifyInstance, resources: Resources, parents: Parents): void {
  const idsOf = async (request: Parameters<Kind['place']>[0], list: string, plural: string) =>
    (await resources.list(request, list, plural)).map(({ id }) => id);

  crudRoutes(server, resources, LISTENERS, {
    title: 'Listener',
    wrapper: 'listener',
    plural: 'listeners',
    shape: shapes.LISTENER,
    view: listenerView,
    async place(request) {
      const { id } = await parents.loadBalancer(request);
      const list = `/listeners?loadbalancer_id=${id}`;
      const only = await idsOf(request, list, 'listeners');
      return { list, item: '/listeners', initial: { loadbalancer_id: id }, only };
    },
  });

  server.get(`${LISTENER}/stats`, async (request) => {
    const { id } = await parents.listener(request);
    const stats = statisticsView(await resources.show(request, `/listeners/${id}/stats`, 'stats'));
    // The first edition had the numbers themselves, later ones under a key.
    return { ...stats, listener: stats };
  });

  for (const path of POOLS) {
    crudRoutes(server, resources, path, {
      title: 'Pool',
      wrapper: 'pool',
      plural: 'pools',
      shape: shapes.POOL,
      view: poolView,
      async place(request) {
        const { loadBalancerId, listener: parent } = await parents.ofPools(request);
        const asked = new URLSearchParams(queryOf(request.raw.url ?? '')).get('listener_id');
        const listener = asked === null ? parent : await ofLoadBalancer(request, asked, loadBalancerId);
        const list = `/pools?loadbalancer_id=${loadBalancerId}`;
        const only = listener ? await parents.poolIds(request, listener) : await idsOf(request, list, 'pools');
        const initial = { loadbalancer_id: loadBalancerId, ...(parent ? { listener_id: parent.id } : {}) };
        return { list, item: '/pools', initial, only };
      },
    });

    crudRoutes(server, resources, `${path}/:pool/members`, {
      title: 'Member',
      wrapper: 'member',
      plural: 'members',
      shape: shapes.MEMBER,
      view: memberView,
      async place(request) {
        const { id } = await parents.pool(request);
        return { list: `/pools/${id}/members`, item: `/pools/${id}/members`, initial: {} };
      },
    });
  }

  async function ofLoadBalancer(request: Parameters<Kind['place']>[0], id: string, loadBalancerId: string) {
    const listener = await resources.show(request, `/listeners/${segment(id)}`, 'listener');
    const owners = listener.loadbalancers as { id: string }[];
    if (!owners.some((owner) => owner.id === loadBalancerId)) throw notFound('Listener', id);
    return listener;
  }

  crudRoutes(server, resources, `${LISTENER}/l7policies`, {
    title: 'L7 Policy',
    wrapper: 'l7policy',
    plural: 'l7policies',
    shape: shapes.POLICY,
    view: policyView,
    async place(request) {
      const { id } = await parents.listener(request);
      const list = `/l7policies?listener_id=${id}&sort=position`;
      const only = parameter(request, 'id') === '' ? undefined : await idsOf(request, list, 'l7policies');
      return { list, item: '/l7policies', initial: { listener_id: id }, ...(only ? { only } : {}) };
    },
  });

  crudRoutes(server, resources, `${LISTENER}/l7policies/:policy/l7rules`, {
    title: 'L7 Rule',
    wrapper: 'rule',
    plural: 'rules',
    shape: shapes.RULE,
    view: ruleView,
    async place(request) {
      const { id } = await parents.policy(request);
      return { list: `/l7policies/${id}/rules`, item: `/l7policies/${id}/rules`, initial: {} };
    },
  });
}
