import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Pool } from '../../domain/resources.ts';
import { type PoolInput, settlePool, settlePoolChange } from '../../domain/validation/pool.ts';
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
import { newResource, pendingUpdate } from './new-resource.ts';
import { found } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkPoolSecrets, hasPoolSecrets } from './secrets.ts';
import { lockDirectChild, lockTree, setListenersPending } from './tree-lock.ts';

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

  /** What is not there or not allowed is refused later, under the lock. */
  async function checkNewSecrets(
    request: FastifyRequest,
    loadBalancerId: string | null,
    listenerId: string | null,
    fields: PoolInput,
  ): Promise<void> {
    const listener = loadBalancerId === null && listenerId !== null ? await listeners.get(db, listenerId) : null;
    const loadBalancer = await loadBalancers.get(db, loadBalancerId ?? listener?.loadBalancerId ?? '');
    if (loadBalancer === null) return;
    authorise(request, 'pool:post', loadBalancer.projectId);
    await checkPoolSecrets(deps, loadBalancer.projectId, settlePool(fields, rules));
  }

  async function checkChangedSecrets(request: FastifyRequest, id: string, change: Partial<PoolInput>): Promise<void> {
    const current = await store.get(db, id);
    if (current === null) return;
    authorise(request, 'pool:put', current.projectId);
    const settled = settlePoolChange(current, change, rules);
    await checkPoolSecrets(deps, current.projectId, { ...current, ...settled }, current);
  }

  server.post(PATH, async (request, reply) => {
    const {
      loadBalancerId: givenLoadBalancerId,
      listenerId,
      projectId: _ignored,
      members: _treeOnly,
      healthmonitor: _treeOnlyToo,
      ...fields
    } = createBody(request, POOL, POOL_ENVELOPE);
    if (!givenLoadBalancerId && !listenerId) {
      throw refusal('Must provide at least one of: loadbalancer_id, listener_id');
    }
    if (hasPoolSecrets(fields)) await checkNewSecrets(request, givenLoadBalancerId, listenerId, fields);
    const result = await deps.store.transaction(async (tx) => {
      const named = listenerId ? found(await listeners.get(tx, listenerId), 'Listener', listenerId) : null;
      const loadBalancerId = givenLoadBalancerId ?? named?.loadBalancerId ?? '';
      const tree = found(await lockTree(tx, loadBalancerId), 'Load Balancer', loadBalancerId);
      const { loadBalancer } = tree;
      // Read again under the lock, and only within the load balancer.
      const candidate = listenerId ? await listeners.get(tx, listenerId) : null;
      const own = candidate?.loadBalancerId === loadBalancer.id ? candidate : null;
      const listener = listenerId ? found(own, 'Listener', listenerId) : null;
      authorise(request, 'pool:post', loadBalancer.projectId);
      if (listener) checkPoolFitsListener(fields.protocol, listener.protocol);
      const settled = settlePool(fields, rules);
      checkPoolCiphers(settled, rules);
      const pool: Pool = {
        ...newResource(deps, loadBalancer.projectId),
        ...settled,
        loadBalancerId: loadBalancer.id,
      };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, pools: [pool] });
      await tree.reserve(loadBalancer.projectId, { pool: 1 }, quotaRules(deps.config));
      if (listener?.defaultPoolId) throw new OctaviaError('DUPLICATE_DEFAULT_POOL');
      await tree.setPending();
      await store.insert(tx, pool);
      if (listener) {
        await listeners.update(tx, listener.id, { defaultPoolId: pool.id, provisioningStatus: 'PENDING_UPDATE' });
      }
      await provider.submit(tx, changeOf('create_pool', pool));
      return { pool, relations: { ...UNRELATED, listenerIds: listener ? [listener.id] : [] } };
    });
    return reply.code(201).send({ pool: poolResponse(result.pool, result.relations) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, POOL, POOL_ENVELOPE);
    const id = parameter(request);
    if (hasPoolSecrets(change)) await checkChangedSecrets(request, id, change);
    const result = await deps.store.transaction(async (tx) => {
      const { child: current, tree } = await lockDirectChild(tx, store.get, KIND, id);
      authorise(request, 'pool:put', current.projectId);
      const settled = settlePoolChange(current, change, rules);
      checkChangedPoolCiphers(current, change, settled, rules);
      const written = pendingUpdate(deps, settled);
      const pool: Pool = { ...current, ...written };
      const provider = deps.providers.get(tree.loadBalancer.provider);
      provider.check({ loadBalancer: tree.loadBalancer, pools: [pool] });
      tree.requireActive();
      await tree.setPending();
      await setListenersPending(tx, pool.id);
      await store.update(tx, pool.id, written);
      await provider.submit(tx, changeOf('update_pool', pool));
      return { pool, relations: (await store.relations(tx, [pool.id])).get(pool.id) ?? UNRELATED };
    });
    return { pool: poolResponse(result.pool, result.relations) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const { child: pool, tree } = await lockDirectChild(tx, store.get, KIND, id);
      authorise(request, 'pool:delete', pool.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      const policy = await store.redirectingPolicyId(tx, pool.id);
      if (policy !== null) throw new OctaviaError('POOL_IN_USE', { id: pool.id, policy });
      await tree.setPending();
      await setListenersPending(tx, pool.id);
      await store.update(tx, pool.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_pool', pool));
    });
    return reply.code(204).send();
  });
}

function changeOf(kind: 'create_pool' | 'update_pool' | 'delete_pool', pool: Pool) {
  return {
    kind,
    loadBalancerId: pool.loadBalancerId,
    projectId: pool.projectId,
    resourceType: 'pool' as const,
    resourceId: pool.id,
  };
}
