import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { L7Policy, L7Rule } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
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
import { changed, newResource } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { below, lockChild } from './tree-lock.ts';

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

interface InPolicy {
  policyId: string;
}

async function lockParent(tx: Tx, { policyId: id }: InPolicy) {
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

async function lockRule(tx: Tx, { policyId, id }: InPolicy & { id: string }) {
  const locked = await lockParent(tx, { policyId });
  return owned({ ...locked, child: await ruleOf(tx, locked.policy, id) });
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

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_l7rule',
    resourceType: 'l7rule',
    rule: 'l7rule:post',
    async parse(request) {
      const { id: policyId } = await parent(db, request);
      const { projectId: _ignored, ...fields } = createBody(request, L7RULE, L7RULE_ENVELOPE);
      return { policyId, fields };
    },
    lock: async (tx, asked) => owned(await lockParent(tx, asked)),
    valid(_executor, { projectId, policy, listener }, { fields }) {
      const settled = settleL7Rule(fields);
      const created: L7Rule = { ...newResource(deps, projectId), name: '', ...settled, l7policyId: policy.id };
      return {
        created,
        resourceId: created.id,
        place: created,
        makes: { l7rule: [created] },
        candidate: { listeners: [listener], l7policies: [policy], l7rules: [created] },
      };
    },
    async conflicts(executor, { policy }) {
      checkRuleCount(policy.id, (await store.byPolicy(executor, policy.id)).length + 1);
    },
    write: (tx, _held, { created }) => store.insert(tx, created),
    answer: (_executor, _found, { created }) => ({ rule: l7ruleResponse(created, null) }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_l7rule',
    resourceType: 'l7rule',
    rule: 'l7rule:put',
    async parse(request) {
      const { id: policyId } = await parent(db, request);
      return { policyId, id: parameter(request), change: updateBody(request, L7RULE, L7RULE_ENVELOPE) };
    },
    lock: lockRule,
    valid(_executor, { child: current, policy, listener }, { change }) {
      const written = changed(deps, settleL7RuleChange(current, change));
      const updated: L7Rule = waitingForUpdate({ ...current, ...written });
      return {
        written,
        updated,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { listeners: [listener], l7policies: [policy], l7rules: [updated] },
      };
    },
    conflicts: null,
    write: (tx, { child }, { written }) => store.update(tx, child.id, written),
    answer: (_executor, _found, { updated }) => ({ rule: l7ruleResponse(updated, null) }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_l7rule',
    resourceType: 'l7rule',
    rule: 'l7rule:delete',
    parse: (request) => ({ policyId: parameter(request, 'policy'), id: parameter(request) }),
    lock: lockRule,
    valid: (_executor, { child }) => removal(child),
    conflicts: null,
    write: null,
    answer: null,
  });
}
