import type { FastifyInstance } from 'fastify';
import type { Pool } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
import { settlePool, settlePoolChange } from '../../domain/validation/pool.ts';
import { checkPoolFitsListener } from '../../domain/validation/protocols.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import * as listeners from '../../store/resources/listeners.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import * as store from '../../store/resources/pools.ts';
import { POOL, POOL_ENVELOPE, type PoolRelations, poolResponse } from '../attributes/pool.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { checkChangedPoolCiphers, checkPoolCiphers } from './ciphers.ts';
import { changed, newResource } from './new-resource.ts';
import { found } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkPoolSecrets, hasPoolSecrets } from './secrets.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { lockDirectChild, lockTree } from './tree-lock.ts';

const KIND = 'Pool';
const PATH = '/v2/lbaas/pools';
const QUERYABLE = queryableFields(POOL);
const UNRELATED: PoolRelations = { listenerIds: [], memberIds: [], healthMonitorId: null };

export function pools(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).pool;
  const { db } = deps.store;

  server.get(PATH, async (request) =>
    answerList(deps, request, {
      plural: 'pools',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'pool'),
      list: store.list,
      respond: async (rows, fields) => {
        const ids = rows.map((row) => row.id);
        const relations = await store.relations(db, ids);
        return rows.map((row) => poolResponse(row, relations.get(row.id) ?? UNRELATED, fields));
      },
    }),
  );

  server.get(`${PATH}/:id`, async (request) => {
    const pool = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'pool:get_one', pool.projectId);
    const relations = (await store.relations(db, [pool.id])).get(pool.id) ?? UNRELATED;
    return { pool: poolResponse(pool, relations, shownFields(request, deps)) };
  });

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_pool',
    resourceType: 'pool',
    rule: 'pool:post',
    parse(request) {
      const {
        loadBalancerId,
        listenerId,
        projectId: _ignored,
        members: _treeOnly,
        healthmonitor: _treeOnlyToo,
        ...fields
      } = createBody(request, POOL, POOL_ENVELOPE);
      if (!loadBalancerId && !listenerId) {
        throw refusal('Must provide at least one of: loadbalancer_id, listener_id');
      }
      return { loadBalancerId, listenerId, fields };
    },
    async outside({ loadBalancerId, listenerId, fields }) {
      if (!hasPoolSecrets(fields)) return null;
      const listener = loadBalancerId === null && listenerId !== null ? await listeners.get(db, listenerId) : null;
      const loadBalancer = await loadBalancers.get(db, loadBalancerId ?? listener?.loadBalancerId ?? '');
      if (loadBalancer === null) return null;
      const { projectId } = loadBalancer;
      return { projectId, ask: (reader) => checkPoolSecrets(deps, reader, settlePool(fields, rules)) };
    },
    async lock(tx, { loadBalancerId: given, listenerId }) {
      const named = listenerId ? found(await listeners.get(tx, listenerId), 'Listener', listenerId) : null;
      const loadBalancerId = given ?? named?.loadBalancerId ?? '';
      const tree = found(await lockTree(tx, loadBalancerId), 'Load Balancer', loadBalancerId);
      // Read again under the lock, and only within the load balancer.
      const candidate = listenerId ? await listeners.get(tx, listenerId) : null;
      const own = candidate?.loadBalancerId === tree.loadBalancer.id ? candidate : null;
      return { ...owned({ tree }), listener: listenerId ? found(own, 'Listener', listenerId) : null };
    },
    valid(_executor, { projectId, tree: { loadBalancer }, listener }, { fields }) {
      if (listener) checkPoolFitsListener(fields.protocol, listener.protocol);
      const settled = settlePool(fields, rules);
      checkPoolCiphers(settled, rules);
      const created: Pool = { ...newResource(deps, projectId), ...settled, loadBalancerId: loadBalancer.id };
      return {
        created,
        resourceId: created.id,
        place: { id: created.id, listenerId: listener?.id },
        makes: { pool: [created] },
        candidate: { pools: [created] },
      };
    },
    conflicts(_executor, { listener }) {
      if (listener?.defaultPoolId) throw new OctaviaError('DUPLICATE_DEFAULT_POOL');
    },
    async write(tx, { listener }, { created }) {
      await store.insert(tx, created);
      if (listener) await listeners.update(tx, listener.id, { defaultPoolId: created.id });
    },
    answer: (_executor, { listener }, { created }) => ({
      pool: poolResponse(created, { ...UNRELATED, listenerIds: listener ? [listener.id] : [] }),
    }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_pool',
    resourceType: 'pool',
    rule: 'pool:put',
    parse: (request) => ({ id: parameter(request), change: updateBody(request, POOL, POOL_ENVELOPE) }),
    async outside({ id, change }) {
      const current = hasPoolSecrets(change) ? await store.get(db, id) : null;
      if (current === null) return null;
      const { projectId } = current;
      return {
        projectId,
        ask: async (reader) => {
          const settled = settlePoolChange(current, change, rules);
          await checkPoolSecrets(deps, reader, { ...current, ...settled }, current);
        },
      };
    },
    lock: async (tx, { id }) => owned(await lockDirectChild(tx, store.get, KIND, id)),
    valid(_executor, { child: current }, { change }) {
      const settled = settlePoolChange(current, change, rules);
      checkChangedPoolCiphers(current, change, settled, rules);
      const written = changed(deps, settled);
      const updated: Pool = waitingForUpdate({ ...current, ...written });
      return { written, updated, resourceId: updated.id, place: updated, makes: {}, candidate: { pools: [updated] } };
    },
    conflicts: null,
    write: (tx, { child }, { written }) => store.update(tx, child.id, written),
    answer: async (executor, _found, { updated }) => ({
      pool: poolResponse(updated, (await store.relations(executor, [updated.id])).get(updated.id) ?? UNRELATED),
    }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_pool',
    resourceType: 'pool',
    rule: 'pool:delete',
    parse: (request) => parameter(request),
    lock: async (tx, id) => owned(await lockDirectChild(tx, store.get, KIND, id)),
    valid: (_executor, { child }) => removal(child),
    async conflicts(executor, { child: { id } }) {
      const policy = await store.redirectingPolicyId(executor, id);
      if (policy !== null) throw new OctaviaError('POOL_IN_USE', { id, policy });
    },
    write: null,
    answer: null,
  });
}
