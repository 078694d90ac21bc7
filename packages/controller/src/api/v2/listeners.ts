import type { FastifyInstance } from 'fastify';
import type { Listener, LoadBalancer } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
import {
  checkCidrsBesideGroups,
  type ListenerFields,
  settleListener,
  settleListenerChange,
} from '../../domain/validation/listener.ts';
import { checkPortFree } from '../../domain/validation/listener-port.ts';
import type { Executor } from '../../store/core/database.ts';
import * as store from '../../store/resources/listeners.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { LISTENER, LISTENER_ENVELOPE, type ListenerRelations, listenerResponse } from '../attributes/listener.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { changesTls, checkChangedListenerCiphers, checkListenerCiphers } from './ciphers.ts';
import { requireFittingPool } from './fitting-pool.ts';
import { changed, newResource } from './new-resource.ts';
import { found } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkListenerSecrets, hasListenerSecrets } from './secrets.ts';
import { statisticsResponse } from './statistics.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { lockDirectChild, lockTree } from './tree-lock.ts';

const KIND = 'Listener';
const PATH = '/v2/lbaas/listeners';
const QUERYABLE = queryableFields(LISTENER);

/** Primary address first. */
export function vipAddresses({ vip, additionalVips }: LoadBalancer): string[] {
  return [vip.address, ...additionalVips.map(({ ipAddress }) => ipAddress)];
}

async function relations(executor: Executor, id: string): Promise<ListenerRelations> {
  return { l7policyIds: (await store.policyIds(executor, [id])).get(id) ?? [] };
}

export function listeners(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).listener;
  const { db } = deps.store;

  server.get(PATH, async (request) =>
    answerList(deps, request, {
      plural: 'listeners',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'listener'),
      list: store.list,
      respond: async (rows, fields) => {
        const ids = rows.map((row) => row.id);
        const policyIds = await store.policyIds(db, ids);
        return rows.map((row) => listenerResponse(row, { l7policyIds: policyIds.get(row.id) ?? [] }, fields));
      },
    }),
  );

  server.get(`${PATH}/:id`, async (request) => {
    const listener = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'listener:get_one', listener.projectId);
    return { listener: listenerResponse(listener, await relations(db, listener.id), shownFields(request, deps)) };
  });

  server.get(`${PATH}/:id/stats`, async (request) => {
    const listener = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'listener:get_stats', listener.projectId);
    return statisticsResponse(await statistics.forListener(db, listener.id));
  });

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_listener',
    resourceType: 'listener',
    rule: 'listener:post',
    parse(request) {
      const {
        loadBalancerId,
        projectId: _ignored,
        defaultPool: _treeOnly,
        l7policies: _treeOnlyToo,
        ...fields
      } = createBody(request, LISTENER, LISTENER_ENVELOPE);
      return { loadBalancerId, fields };
    },
    async outside({ loadBalancerId, fields }) {
      const loadBalancer = hasListenerSecrets(fields) ? await loadBalancers.get(db, loadBalancerId) : null;
      return (
        loadBalancer && {
          projectId: loadBalancer.projectId,
          ask: async (reader) => {
            const settled = settleListener(fields, rules, vipAddresses(loadBalancer));
            await checkListenerSecrets(deps, reader, settled);
          },
        }
      );
    },
    async lock(tx, { loadBalancerId }) {
      return owned({ tree: found(await lockTree(tx, loadBalancerId), 'Load Balancer', loadBalancerId) });
    },
    async valid(executor, { tree: { loadBalancer } }, { fields }) {
      const fitting = await requireFittingPool(executor, fields.defaultPoolId, fields.protocol, loadBalancer.id);
      const settled: ListenerFields = settleListener(fields, rules, vipAddresses(loadBalancer));
      checkListenerCiphers(settled, rules);
      checkCidrsBesideGroups(settled.allowedCidrs, loadBalancer.vip.securityGroupIds);
      const { id: loadBalancerId, projectId } = loadBalancer;
      const created: Listener = { ...newResource(deps, projectId), ...settled, loadBalancerId };
      return {
        created,
        resourceId: created.id,
        place: created,
        makes: { listener: [created] },
        candidate: { listeners: [created], ...fitting },
      };
    },
    async conflicts(executor, { tree }, { created }) {
      checkPortFree(created, await store.byLoadBalancer(executor, tree.loadBalancer.id));
    },
    write: (tx, _held, { created }) => store.insert(tx, created),
    answer: (_executor, _found, { created }) => ({ listener: listenerResponse(created, { l7policyIds: [] }) }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_listener',
    resourceType: 'listener',
    rule: 'listener:put',
    parse: (request) => ({ id: parameter(request), change: updateBody(request, LISTENER, LISTENER_ENVELOPE) }),
    async outside({ id, change }) {
      const current = hasListenerSecrets(change) || changesTls(change) ? await store.get(db, id) : null;
      const loadBalancer = current && (await loadBalancers.get(db, current.loadBalancerId));
      if (!current || !loadBalancer) return null;
      return {
        projectId: current.projectId,
        ask: async (reader) => {
          const settled = settleListenerChange(current, change, rules, vipAddresses(loadBalancer));
          await checkListenerSecrets(deps, reader, { ...current, ...settled }, current);
        },
      };
    },
    lock: async (tx, { id }) => owned(await lockDirectChild(tx, store.get, KIND, id)),
    async valid(executor, { child: current, tree: { loadBalancer } }, { change }) {
      const fitting = await requireFittingPool(executor, change.defaultPoolId, current.protocol, loadBalancer.id);
      const settled = settleListenerChange(current, change, rules, vipAddresses(loadBalancer));
      checkChangedListenerCiphers(current, change, settled, rules);
      checkCidrsBesideGroups(settled.allowedCidrs, loadBalancer.vip.securityGroupIds);
      const written = changed(deps, settled);
      const updated: Listener = waitingForUpdate({ ...current, ...written });
      return {
        written,
        updated,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { listeners: [updated], ...fitting },
      };
    },
    conflicts: null,
    write: (tx, { child }, { written }) => store.update(tx, child.id, written),
    answer: async (executor, _found, { updated }) => ({
      listener: listenerResponse(updated, await relations(executor, updated.id)),
    }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_listener',
    resourceType: 'listener',
    rule: 'listener:delete',
    parse: (request) => parameter(request),
    lock: async (tx, id) => owned(await lockDirectChild(tx, store.get, KIND, id)),
    valid: (_executor, { child }) => removal(child),
    conflicts: null,
    write: null,
    answer: null,
  });
}
