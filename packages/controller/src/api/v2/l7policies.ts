import type { FastifyInstance } from 'fastify';
import type { L7Policy, L7Rule } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
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
import { changed, newResource } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { lockChild } from './tree-lock.ts';

const KIND = 'L7 Policy';
const PATH = '/v2/lbaas/l7policies';
const QUERYABLE = queryableFields(L7POLICY);

async function lockPolicy(tx: Tx, id: string) {
  const find = () => store.get(tx, id);
  const locked = await lockChild(
    tx,
    find,
    async ({ listenerId }) => (await listeners.get(tx, listenerId))?.loadBalancerId ?? null,
  );
  const { child, tree } = found(locked, KIND, id);
  const listener = await listeners.get(tx, child.listenerId);
  if (!listener) throw notFound(KIND, id);
  return owned({ child, listener, tree });
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

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_l7policy',
    resourceType: 'l7policy',
    rule: 'l7policy:post',
    parse(request) {
      const body = createBody(request, L7POLICY, L7POLICY_ENVELOPE);
      const { listenerId, projectId: _ignored, rules, position, ...fields } = body;
      return { listenerId, rules, position, fields };
    },
    async lock(tx, { listenerId }) {
      const locked = await lockChild(
        tx,
        () => listeners.get(tx, listenerId),
        (listener) => listener.loadBalancerId,
      );
      return owned(found(locked, 'Listener', listenerId));
    },
    async valid(executor, { projectId, child: listener, tree: { loadBalancer } }, { fields, position, rules: given }) {
      if (listener.protocol === 'PROMETHEUS') throw new OctaviaError('PROMETHEUS_CHILD');
      const settled = settleL7Policy(fields);
      await requireFittingPool(executor, settled.redirectPoolId, listener.protocol, loadBalancer.id);
      const listenerId = listener.id;
      const created: L7Policy = { ...newResource(deps, projectId), ...settled, listenerId, position: position ?? 1 };
      const rules = given.map((rule): L7Rule => {
        return { ...newResource(deps, projectId), name: '', ...settleL7Rule(rule), l7policyId: created.id };
      });
      return {
        created,
        rules,
        position,
        resourceId: created.id,
        place: created,
        makes: { l7policy: [created], l7rule: rules },
        candidate: { listeners: [listener], l7policies: [created], l7rules: rules },
      };
    },
    conflicts: (_executor, _found, { created, rules }) => checkRuleCount(created.id, rules.length),
    async write(tx, { child: listener }, { created, rules, position }) {
      // Found under the lock, once nothing can refuse the policy any more.
      created.position = await store.openPosition(tx, listener.id, position);
      await store.insert(tx, created);
      for (const rule of rules) await l7rules.insert(tx, rule);
    },
    answer: (_executor, _found, { created, rules }) => ({
      l7policy: l7policyResponse(created, { ruleIds: rules.map(({ id }) => id) }),
    }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_l7policy',
    resourceType: 'l7policy',
    rule: 'l7policy:put',
    parse: (request) => ({ id: parameter(request), change: updateBody(request, L7POLICY, L7POLICY_ENVELOPE) }),
    lock: (tx, { id }) => lockPolicy(tx, id),
    async valid(executor, { child: current, listener, tree: { loadBalancer } }, { change }) {
      const settled = settleL7PolicyChange(current, change);
      if (settled.redirectPoolId !== current.redirectPoolId) {
        await requireFittingPool(executor, settled.redirectPoolId, listener.protocol, loadBalancer.id);
      }
      const written = changed(deps, settled);
      const updated: L7Policy = waitingForUpdate({ ...current, ...written });
      return {
        written,
        updated,
        position: change.position,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { listeners: [listener], l7policies: [updated] },
      };
    },
    conflicts: null,
    async write(tx, { child: current }, { written, updated, position }) {
      if (position !== undefined) updated.position = await store.movePosition(tx, current, position);
      await store.update(tx, current.id, { ...written, position: updated.position });
    },
    answer: async (executor, _found, { updated }) => ({
      l7policy: l7policyResponse(updated, await relations(executor, updated.id)),
    }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_l7policy',
    resourceType: 'l7policy',
    rule: 'l7policy:delete',
    parse: (request) => parameter(request),
    lock: lockPolicy,
    valid: (_executor, { child }) => removal(child),
    conflicts: null,
    write: null,
    answer: null,
  });
}
