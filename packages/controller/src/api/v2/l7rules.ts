import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { L7Policy, L7Rule, Listener } from '../../domain/resources.ts';
import { checkRuleCount, settleL7Rule, settleL7RuleChange } from '../../domain/validation/l7-rule.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import * as policies from '../../store/resources/l7-policies.ts';
import * as store from '../../store/resources/l7-rules.ts';
import * as listeners from '../../store/resources/listeners.ts';
import { L7RULE, L7RULE_ENVELOPE, l7ruleResponse } from '../attributes/l7-rule.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { RouteFault } from '../faults.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { newResource, pendingUpdate } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { below, type LockedTree, lockChild, setPolicyPending } from './tree-lock.ts';

const KIND = 'L7 Rule';
const PARENT = 'L7Policy';
const PATH = '/v2/lbaas/l7policies/:policy/rules';
const QUERYABLE = queryableFields(L7RULE);

/** The parent in the path is looked up before the controller of rules: its 404 has the router's shape. */
async function parent(executor: Executor, request: FastifyRequest): Promise<L7Policy> {
  const id = parameter(request, 'policy');
  const policy = await policies.get(executor, id);
  if (!policy) throw new RouteFault(notFound(PARENT, id));
  return policy;
}

async function ruleOf(executor: Executor, policy: L7Policy, id: string): Promise<L7Rule> {
  const rule = await store.get(executor, id);
  return found(rule?.l7policyId === policy.id ? rule : null, KIND, id);
}

interface LockedParent {
  policy: L7Policy;
  listener: Listener;
  tree: LockedTree;
}

async function lockParent(tx: Tx, request: FastifyRequest): Promise<LockedParent> {
  const id = parameter(request, 'policy');
  const locked = await lockChild(
    tx,
    () => policies.get(tx, id),
    async ({ listenerId }) => (await listeners.get(tx, listenerId))?.loadBalancerId ?? null,
  );
  const listener = locked && (await listeners.get(tx, locked.child.listenerId));
  if (!listener) throw new RouteFault(notFound(PARENT, id));
  const policy = locked.child;
  return { policy, listener, tree: below(tx, locked.tree, PARENT, policy) };
}

export function l7rules(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  server.get(PATH, async (request) => {
    const policy = await parent(db, request);
    authorise(request, 'l7rule:get_all', policy.projectId);
    return answerList(deps, request, {
      plural: 'rules',
      queryable: QUERYABLE,
      scope: { within: [{ field: 'l7policyId', values: [policy.id] }] },
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => l7ruleResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    const rule = await ruleOf(db, await parent(db, request), parameter(request));
    authorise(request, 'l7rule:get_one', rule.projectId);
    return { rule: l7ruleResponse(rule, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    await parent(db, request);
    const { projectId: _ignored, ...fields } = createBody(request, L7RULE, L7RULE_ENVELOPE);
    const rule = await deps.store.transaction(async (tx) => {
      const { policy, listener, tree } = await lockParent(tx, request);
      const { loadBalancer } = tree;
      authorise(request, 'l7rule:post', policy.projectId);
      const created: L7Rule = {
        ...newResource(deps, policy.projectId),
        name: '',
        ...settleL7Rule(fields),
        l7policyId: policy.id,
      };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [listener], l7policies: [policy], l7rules: [created] });
      await tree.reserve(policy.projectId, { l7rule: 1 }, quotaRules(deps.config));
      checkRuleCount(policy.id, (await store.byPolicy(tx, policy.id)).length + 1);
      await setPolicyPending(tx, tree, policy);
      await store.insert(tx, created);
      await provider.submit(tx, changeOf('create_l7rule', created, loadBalancer.id));
      return created;
    });
    return reply.code(201).send({ rule: l7ruleResponse(rule, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    await parent(db, request);
    const change = updateBody(request, L7RULE, L7RULE_ENVELOPE);
    const rule = await deps.store.transaction(async (tx) => {
      const { policy, listener, tree } = await lockParent(tx, request);
      const { loadBalancer } = tree;
      const current = await ruleOf(tx, policy, parameter(request));
      authorise(request, 'l7rule:put', current.projectId);
      const written = pendingUpdate(deps, settleL7RuleChange(current, change));
      const updated: L7Rule = { ...current, ...written };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: [listener], l7policies: [policy], l7rules: [updated] });
      tree.requireActive();
      await setPolicyPending(tx, tree, policy);
      await store.update(tx, current.id, written);
      await provider.submit(tx, changeOf('update_l7rule', updated, loadBalancer.id));
      return updated;
    });
    return { rule: l7ruleResponse(rule, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    await deps.store.transaction(async (tx) => {
      const { policy, tree } = await lockParent(tx, request);
      const rule = await ruleOf(tx, policy, parameter(request));
      authorise(request, 'l7rule:delete', rule.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      await setPolicyPending(tx, tree, policy);
      await store.update(tx, rule.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_l7rule', rule, tree.loadBalancer.id));
    });
    return reply.code(204).send();
  });
}

function changeOf(kind: 'create_l7rule' | 'update_l7rule' | 'delete_l7rule', rule: L7Rule, loadBalancerId: string) {
  return {
    kind,
    loadBalancerId,
    projectId: rule.projectId,
    resourceType: 'l7rule' as const,
    resourceId: rule.id,
  };
}
