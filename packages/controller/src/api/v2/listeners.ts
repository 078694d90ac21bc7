import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Listener, LoadBalancer } from '../../domain/resources.ts';
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
import { newResource, pendingUpdate } from './new-resource.ts';
import { found } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkListenerSecrets, hasListenerSecrets } from './secrets.ts';
import { statisticsResponse } from './statistics.ts';
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

  /** What is not there or not allowed is refused later, under the lock. */
  async function checkNewSecrets(request: FastifyRequest, loadBalancerId: string, fields: ListenerFields) {
    const loadBalancer = await loadBalancers.get(db, loadBalancerId);
    if (loadBalancer === null) return;
    authorise(request, 'listener:post', loadBalancer.projectId);
    const settled = settleListener(fields, rules, vipAddresses(loadBalancer));
    await checkListenerSecrets(deps, loadBalancer.projectId, settled);
  }

  async function checkChangedSecrets(request: FastifyRequest, id: string, change: Partial<ListenerFields>) {
    const current = await store.get(db, id);
    const loadBalancer = current && (await loadBalancers.get(db, current.loadBalancerId));
    if (!current || !loadBalancer) return;
    authorise(request, 'listener:put', current.projectId);
    const settled = settleListenerChange(current, change, rules, vipAddresses(loadBalancer));
    await checkListenerSecrets(deps, current.projectId, { ...current, ...settled }, current);
  }

  server.post(PATH, async (request, reply) => {
    const {
      loadBalancerId,
      projectId: _ignored,
      defaultPool: _treeOnly,
      l7policies: _treeOnlyToo,
      ...fields
    } = createBody(request, LISTENER, LISTENER_ENVELOPE);
    if (hasListenerSecrets(fields)) await checkNewSecrets(request, loadBalancerId, fields);
    const listener = await deps.store.transaction(async (tx) => {
      const tree = found(await lockTree(tx, loadBalancerId), 'Load Balancer', loadBalancerId);
      const { loadBalancer } = tree;
      authorise(request, 'listener:post', loadBalancer.projectId);
      const fitting = await requireFittingPool(tx, fields.defaultPoolId, fields.protocol, loadBalancerId);
      const settled: ListenerFields = settleListener(fields, rules, vipAddresses(loadBalancer));
      checkListenerCiphers(settled, rules);
      checkCidrsBesideGroups(settled.allowedCidrs, loadBalancer.vip.securityGroupIds);
      const created: Listener = { ...newResource(deps, loadBalancer.projectId), ...settled, loadBalancerId };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [created], ...fitting });
      await tree.reserve(loadBalancer.projectId, { listener: 1 }, quotaRules(deps.config));
      checkPortFree(created, await store.byLoadBalancer(tx, loadBalancerId));
      await tree.setPending();
      await store.insert(tx, created);
      await provider.submit(tx, changeOf('create_listener', created));
      return created;
    });
    return reply.code(201).send({ listener: listenerResponse(listener, { l7policyIds: [] }) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, LISTENER, LISTENER_ENVELOPE);
    const id = parameter(request);
    if (hasListenerSecrets(change) || changesTls(change)) await checkChangedSecrets(request, id, change);
    const result = await deps.store.transaction(async (tx) => {
      const { child: current, tree } = await lockDirectChild(tx, store.get, KIND, id);
      const { loadBalancer } = tree;
      authorise(request, 'listener:put', current.projectId);
      const fitting = await requireFittingPool(tx, change.defaultPoolId, current.protocol, current.loadBalancerId);
      const settled = settleListenerChange(current, change, rules, vipAddresses(loadBalancer));
      checkChangedListenerCiphers(current, change, settled, rules);
      checkCidrsBesideGroups(settled.allowedCidrs, loadBalancer.vip.securityGroupIds);
      const written = pendingUpdate(deps, settled);
      const updated: Listener = { ...current, ...written };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [updated], ...fitting });
      tree.requireActive();
      await tree.setPending();
      await store.update(tx, current.id, written);
      await provider.submit(tx, changeOf('update_listener', updated));
      return { updated, relations: await relations(tx, updated.id) };
    });
    return { listener: listenerResponse(result.updated, result.relations) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const { child: listener, tree } = await lockDirectChild(tx, store.get, KIND, id);
      authorise(request, 'listener:delete', listener.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      await tree.setPending();
      await store.update(tx, listener.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_listener', listener));
    });
    return reply.code(204).send();
  });
}

function changeOf(kind: 'create_listener' | 'update_listener' | 'delete_listener', listener: Listener) {
  return {
    kind,
    loadBalancerId: listener.loadBalancerId,
    projectId: listener.projectId,
    resourceType: 'listener' as const,
    resourceId: listener.id,
  };
}
