import type { FastifyInstance } from 'fastify';
import type { L7Policy, L7Rule, Listener } from '../../domain/resources.ts';
import { settleL7Policy, settleL7PolicyChange } from '../../domain/validation/l7-policy.ts';
import { checkRuleCount, settleL7Rule } from '../../domain/validation/l7-rule.ts';
import { OctaviaError } from '../../errors.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import * as store from '../../store/resources/l7-policies.ts';
import * as l7rules from '../../store/resources/l7-rules.ts';
import * as listeners from '../../store/resources/listeners.ts';
import { L7POLICY, L7POLICY_ENVELOPE, type L7PolicyRelations, l7policyResponse } from '../attributes/l7-policy.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { requireFittingPool } from './fitting-pool.ts';
import { newResource, pendingUpdate } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { type LockedTree, lockChild, setListenerPending } from './tree-lock.ts';

const KIND = 'L7 Policy';
const PATH = '/v2/lbaas/l7policies';
const QUERYABLE = queryableFields(L7POLICY);

interface LockedPolicy {
  current: L7Policy;
  listener: Listener;
  tree: LockedTree;
}

async function lockPolicy(tx: Tx, id: string): Promise<LockedPolicy> {
  const find = () => store.get(tx, id);
  const locked = await lockChild(
    tx,
    find,
    async ({ listenerId }) => (await listeners.get(tx, listenerId))?.loadBalancerId ?? null,
  );
  const { child: current, tree } = found(locked, KIND, id);
  const listener = await listeners.get(tx, current.listenerId);
  if (!listener) throw notFound(KIND, id);
  return { current, listener, tree };
}

async function relations(executor: Executor, id: string): Promise<L7PolicyRelations> {
  return { ruleIds: (await store.ruleIds(executor, [id])).get(id) ?? [] };
}

export function l7policies(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  server.get(PATH, async (request) =>
    answerList(deps, request, {
      plural: 'l7policies',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'l7policy'),
      list: store.list,
      respond: async (rows, fields) => {
        const ids = rows.map((row) => row.id);
        const ruleIds = await store.ruleIds(db, ids);
        return rows.map((row) => l7policyResponse(row, { ruleIds: ruleIds.get(row.id) ?? [] }, fields));
      },
    }),
  );

  server.get(`${PATH}/:id`, async (request) => {
    const policy = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'l7policy:get_one', policy.projectId);
    return { l7policy: l7policyResponse(policy, await relations(db, policy.id), shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const body = createBody(request, L7POLICY, L7POLICY_ENVELOPE);
    const { listenerId, projectId: _ignored, rules: givenRules, position: wanted, ...fields } = body;
    const result = await deps.store.transaction(async (tx) => {
      const locked = await lockChild(
        tx,
        () => listeners.get(tx, listenerId),
        (listener) => listener.loadBalancerId,
      );
      const { child: listener, tree } = found(locked, 'Listener', listenerId);
      const { loadBalancer } = tree;
      const { projectId } = listener;
      authorise(request, 'l7policy:post', projectId);
      if (listener.protocol === 'PROMETHEUS') throw new OctaviaError('PROMETHEUS_CHILD');
      const settled = settleL7Policy(fields);
      await requireFittingPool(tx, settled.redirectPoolId, listener.protocol, loadBalancer.id);
      // The position is found under the lock, once nothing can refuse the policy any more.
      const draft: L7Policy = { ...newResource(deps, projectId), ...settled, listenerId, position: wanted ?? 1 };
      const rules = givenRules.map((given): L7Rule => {
        return { ...newResource(deps, projectId), name: '', ...settleL7Rule(given), l7policyId: draft.id };
      });
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [listener], l7policies: [draft], l7rules: rules });
      const units = { l7policy: 1, l7rule: rules.length };
      await tree.reserve(projectId, units, quotaRules(deps.config));
      checkRuleCount(draft.id, rules.length);
      await setListenerPending(tx, tree, listenerId);
      const created: L7Policy = { ...draft, position: await store.openPosition(tx, listenerId, wanted) };
      await store.insert(tx, created);
      for (const rule of rules) await l7rules.insert(tx, rule);
      await provider.submit(tx, changeOf('create_l7policy', created, loadBalancer.id));
      return { created, ruleIds: rules.map(({ id }) => id) };
    });
    return reply.code(201).send({ l7policy: l7policyResponse(result.created, { ruleIds: result.ruleIds }) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, L7POLICY, L7POLICY_ENVELOPE);
    const result = await deps.store.transaction(async (tx) => {
      const { current, listener, tree } = await lockPolicy(tx, parameter(request));
      const { loadBalancer } = tree;
      authorise(request, 'l7policy:put', current.projectId);
      const settled = settleL7PolicyChange(current, change);
      if (settled.redirectPoolId !== current.redirectPoolId) {
        await requireFittingPool(tx, settled.redirectPoolId, listener.protocol, loadBalancer.id);
      }
      const written = pendingUpdate(deps, settled);
      const updated: L7Policy = { ...current, ...written };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [listener], l7policies: [updated] });
      tree.requireActive();
      await setListenerPending(tx, tree, listener.id);
      if (change.position !== undefined) {
        updated.position = await store.movePosition(tx, current, change.position);
      }
      await store.update(tx, current.id, { ...written, position: updated.position });
      await provider.submit(tx, changeOf('update_l7policy', updated, loadBalancer.id));
      return { updated, relations: await relations(tx, updated.id) };
    });
    return { l7policy: l7policyResponse(result.updated, result.relations) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    await deps.store.transaction(async (tx) => {
      const { current, listener, tree } = await lockPolicy(tx, parameter(request));
      authorise(request, 'l7policy:delete', current.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      await setListenerPending(tx, tree, listener.id);
      await store.update(tx, current.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_l7policy', current, tree.loadBalancer.id));
    });
    return reply.code(204).send();
  });
}

function changeOf(
  kind: 'create_l7policy' | 'update_l7policy' | 'delete_l7policy',
  policy: L7Policy,
  loadBalancerId: string,
) {
  return {
    kind,
    loadBalancerId,
    projectId: policy.projectId,
    resourceType: 'l7policy' as const,
    resourceId: policy.id,
  };
}
