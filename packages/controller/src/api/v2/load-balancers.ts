import type { FastifyInstance } from 'fastify';
import type { LoadBalancer, Vip } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
import { checkCidrsBesideGroups } from '../../domain/validation/listener.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import type { RowVersion } from '../../store/core/table.ts';
import * as listeners from '../../store/resources/listeners.ts';
import * as store from '../../store/resources/load-balancers.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { statusTree as statuses } from '../../store/resources/status-tree.ts';
import {
  LOAD_BALANCER,
  LOAD_BALANCER_ENVELOPE,
  type LoadBalancerRelations,
  loadBalancerResponse,
} from '../attributes/load-balancer.ts';
import { queryableFields } from '../attributes/query.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { RememberedList, type VersionedCollection } from '../remembered/remembered-list.ts';
import { changeRoute } from './change.ts';
import { askedCreate, CHILDLESS, creation } from './load-balancer-create.ts';
import { changed } from './new-resource.ts';
import { found } from './not-found.ts';
import { createBody, parameter, queryParameters, sendText, shownFields, updateBody } from './request.ts';
import { seenBy } from './seen-networks.ts';
import { statisticsResponse } from './statistics.ts';
import { statusResponse } from './status-tree.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { lockTree } from './tree-lock.ts';
import { checkQosPolicy, checkSecurityGroups } from './vip.ts';

const KIND = 'Load Balancer';
const PATH = '/v2/lbaas/loadbalancers';
const QUERYABLE = queryableFields(LOAD_BALANCER);
type Listed = store.ShownLoadBalancer & RowVersion;

const LIST: VersionedCollection<Listed> = {
  plural: 'loadbalancers',
  queryable: QUERYABLE,
  list: store.listShown,
  versions: store.versions,
  rowsOf: store.shownOf,
  respond: async (rows, fields) => rows.map((row) => loadBalancerResponse(row, row, fields)),
};

export function loadBalancers(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;
  const remembered = deps.config.api_settings.remember_lists ? new RememberedList<Listed>(deps.store) : null;

  server.get(PATH, async (request, reply) => {
    const collection = { ...LIST, scope: visibleProjects(request, 'loadbalancer') };
    const text = await remembered?.answer(deps, request, collection);
    return text ? sendText(reply, text) : answerList(deps, request, collection);
  });

  server.get(`${PATH}/:id`, async (request) => {
    const loadBalancer = found(await store.shown(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_one', loadBalancer.projectId);
    return { loadbalancer: loadBalancerResponse(loadBalancer, loadBalancer, shownFields(request, deps)) };
  });

  server.get(`${PATH}/:id/stats`, async (request) => {
    const loadBalancer = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_stats', loadBalancer.projectId);
    return statisticsResponse(await statistics.forLoadBalancer(db, loadBalancer.id));
  });

  for (const path of [`${PATH}/:id/status`, `${PATH}/:id/statuses`]) {
    server.get(path, async (request) => {
      const tree = found(await statuses(db, parameter(request)), KIND, parameter(request));
      authorise(request, 'loadbalancer:get_status', tree.projectId);
      return statusResponse(tree);
    });
  }

  changeRoute(server, deps, {
    ...creation(deps),
    method: 'POST',
    url: PATH,
    status: 201,
    parse(request) {
      const body = createBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
      return askedCreate(request, deps, body);
    },
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:put',
    parse(request) {
      const { vipQosPolicyId, vipSgIds, ...change } = updateBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
      const vipChange: Partial<Pick<Vip, 'qosPolicyId' | 'securityGroupIds'>> = {
        ...(vipQosPolicyId === undefined ? {} : { qosPolicyId: vipQosPolicyId }),
        ...(vipSgIds === undefined ? {} : { securityGroupIds: vipSgIds }),
      };
      return { id: parameter(request), change, vipChange, seen: seenBy(request, deps.network) };
    },
    alsoNeeds: ({ vipChange }) => (vipChange.securityGroupIds ? ['loadbalancer:put:vip_sg_ids'] : []),
    /** A network driver may need a database connection of its own. */
    async outside({ id, vipChange: { qosPolicyId, securityGroupIds }, seen }) {
      const changesVip = qosPolicyId !== undefined || securityGroupIds !== undefined;
      const current = changesVip ? await store.get(db, id) : null;
      return (
        current && {
          projectId: current.projectId,
          ask: async () => {
            if (qosPolicyId !== undefined) await checkQosPolicy(seen, qosPolicyId);
            if (securityGroupIds) await checkSecurityGroups(seen, securityGroupIds, current.vip.vnicType);
          },
        }
      );
    },
    lock: (tx, { id }) => lock(tx, id),
    async valid(executor, { tree: { loadBalancer: current } }, { change, vipChange }) {
      const { securityGroupIds } = vipChange;
      for (const { allowedCidrs } of securityGroupIds ? await listeners.byLoadBalancer(executor, current.id) : []) {
        checkCidrsBesideGroups(allowedCidrs, securityGroupIds ?? []);
      }
      const vip = Object.keys(vipChange).length > 0 ? { vip: { ...current.vip, ...vipChange } } : {};
      const written = changed(deps, { ...change, ...vip });
      const updated: LoadBalancer = waitingForUpdate({ ...current, ...written });
      return {
        written,
        updated,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { loadBalancer: updated },
      };
    },
    conflicts: null,
    write: (tx, _held, { updated, written }) => store.update(tx, updated.id, written),
    answer: async (executor, _found, { updated }) => ({
      loadbalancer: loadBalancerResponse(updated, await relations(executor, updated.id)),
    }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id/failover`,
    status: 202,
    kind: 'failover_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:put_failover',
    parse: (request) => parameter(request),
    lock,
    valid(_executor, { tree: { loadBalancer } }) {
      const { topology } = loadBalancer;
      return { ...removal(loadBalancer), input: { topology } };
    },
    conflicts: null,
    write: null,
    answer: null,
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:delete',
    parse(request) {
      const cascade = isTrueish(queryParameters(request).get('cascade') ?? '');
      return { id: parameter(request), cascade };
    },
    lock: (tx, { id }) => lock(tx, id),
    async valid(executor, { tree: { loadBalancer } }, { cascade }) {
      const { id } = loadBalancer;
      const { listenerIds, poolIds } = await relations(executor, id);
      if (!cascade && listenerIds.length + poolIds.length > 0) {
        throw refusal(`Cannot delete Load Balancer ${id} - it has children`);
      }
      return { ...removal(loadBalancer), input: { cascade } };
    },
    conflicts: null,
    write: null,
    answer: null,
  });
}

async function lock(tx: Tx, id: string) {
  return owned({ tree: found(await lockTree(tx, id), KIND, id) });
}

async function relations(executor: Executor, id: string): Promise<LoadBalancerRelations> {
  return (await store.childIds(executor, [id])).get(id) ?? CHILDLESS;
}
