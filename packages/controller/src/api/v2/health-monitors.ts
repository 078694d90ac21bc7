import type { FastifyInstance } from 'fastify';
import type { HealthMonitor, Pool } from '../../domain/resources.ts';
import { settleHealthMonitor, settleHealthMonitorChange } from '../../domain/validation/health-monitor.ts';
import { OctaviaError } from '../../errors.ts';
import type { Tx } from '../../store/core/database.ts';
import * as store from '../../store/resources/health-monitors.ts';
import * as pools from '../../store/resources/pools.ts';
import { HEALTH_MONITOR, HEALTH_MONITOR_ENVELOPE, healthMonitorResponse } from '../attributes/health-monitor.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { newResource, pendingUpdate } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { below, type LockedTree, lockChild, setPoolPending } from './tree-lock.ts';

const KIND = 'Health Monitor';
const PATH = '/v2/lbaas/healthmonitors';
const QUERYABLE = queryableFields(HEALTH_MONITOR);

interface LockedMonitor {
  current: HealthMonitor;
  pool: Pool;
  tree: LockedTree;
}

async function lockMonitor(tx: Tx, id: string): Promise<LockedMonitor> {
  const find = () => store.get(tx, id);
  const locked = await lockChild(tx, find, async ({ poolId }) => (await pools.get(tx, poolId))?.loadBalancerId ?? null);
  const { child: current, tree } = found(locked, KIND, id);
  const pool = await pools.get(tx, current.poolId);
  if (!pool) throw notFound(KIND, id);
  return { current, pool, tree: below(tx, tree, 'Pool', pool) };
}

export function healthMonitors(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).healthMonitor;
  const { db } = deps.store;

  server.get(PATH, async (request) =>
    answerList(deps, request, {
      plural: 'healthmonitors',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'healthmonitor'),
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => healthMonitorResponse(row, null, fields)),
    }),
  );

  server.get(`${PATH}/:id`, async (request) => {
    const monitor = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'healthmonitor:get_one', monitor.projectId);
    return { healthmonitor: healthMonitorResponse(monitor, null, shownFields(request, deps)) };
  });

  server.post(PATH, async (request, reply) => {
    const { poolId, projectId: _ignored, ...fields } = createBody(request, HEALTH_MONITOR, HEALTH_MONITOR_ENVELOPE);
    const monitor = await deps.store.transaction(async (tx) => {
      const locked = await lockChild(
        tx,
        () => pools.get(tx, poolId),
        (pool) => pool.loadBalancerId,
      );
      const { child: pool, tree: whole } = found(locked, 'Pool', poolId);
      const tree = below(tx, whole, 'Pool', pool);
      const { loadBalancer } = tree;
      authorise(request, 'healthmonitor:post', pool.projectId);
      const settled = settleHealthMonitor(fields, pool.protocol, rules);
      const created: HealthMonitor = { ...newResource(deps, pool.projectId), ...settled, poolId: pool.id };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, pools: [pool], healthMonitors: [created] });
      await tree.reserve(pool.projectId, { healthMonitor: 1 }, quotaRules(deps.config));
      if ((await store.byPool(tx, pool.id)).length > 0) throw new OctaviaError('DUPLICATE_HEALTH_MONITOR');
      await setPoolPending(tx, tree, pool.id);
      await store.insert(tx, created);
      await provider.submit(tx, changeOf('create_health_monitor', created, loadBalancer.id));
      return created;
    });
    return reply.code(201).send({ healthmonitor: healthMonitorResponse(monitor, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const change = updateBody(request, HEALTH_MONITOR, HEALTH_MONITOR_ENVELOPE);
    const monitor = await deps.store.transaction(async (tx) => {
      const { current, pool, tree } = await lockMonitor(tx, parameter(request));
      const { loadBalancer } = tree;
      authorise(request, 'healthmonitor:put', current.projectId);
      const written = pendingUpdate(deps, settleHealthMonitorChange(current, change, rules));
      const updated: HealthMonitor = { ...current, ...written };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, pools: [pool], healthMonitors: [updated] });
      tree.requireActive();
      await setPoolPending(tx, tree, pool.id);
      await store.update(tx, current.id, written);
      await provider.submit(tx, changeOf('update_health_monitor', updated, loadBalancer.id));
      return updated;
    });
    return { healthmonitor: healthMonitorResponse(monitor, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    await deps.store.transaction(async (tx) => {
      const { current, pool, tree } = await lockMonitor(tx, parameter(request));
      authorise(request, 'healthmonitor:delete', current.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      await setPoolPending(tx, tree, pool.id);
      await store.update(tx, current.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_health_monitor', current, tree.loadBalancer.id));
    });
    return reply.code(204).send();
  });
}

function changeOf(
  kind: 'create_health_monitor' | 'update_health_monitor' | 'delete_health_monitor',
  monitor: HealthMonitor,
  loadBalancerId: string,
) {
  return {
    kind,
    loadBalancerId,
    projectId: monitor.projectId,
    resourceType: 'health_monitor' as const,
    resourceId: monitor.id,
  };
}
