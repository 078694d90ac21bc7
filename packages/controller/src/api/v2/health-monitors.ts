import type { FastifyInstance } from 'fastify';
import type { HealthMonitor } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
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
import { changed, newResource } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { below, lockChild } from './tree-lock.ts';

const KIND = 'Health Monitor';
const PATH = '/v2/lbaas/healthmonitors';
const QUERYABLE = queryableFields(HEALTH_MONITOR);

async function lockMonitor(tx: Tx, id: string) {
  const find = () => store.get(tx, id);
  const locked = await lockChild(tx, find, async ({ poolId }) => (await pools.get(tx, poolId))?.loadBalancerId ?? null);
  const { child, tree } = found(locked, KIND, id);
  const pool = await pools.get(tx, child.poolId);
  if (!pool) throw notFound(KIND, id);
  return owned({ child, pool, tree: below(tx, tree, 'Pool', pool) });
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

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_health_monitor',
    resourceType: 'health_monitor',
    rule: 'healthmonitor:post',
    parse(request) {
      const { poolId, projectId: _ignored, ...fields } = createBody(request, HEALTH_MONITOR, HEALTH_MONITOR_ENVELOPE);
      return { poolId, fields };
    },
    async lock(tx, { poolId }) {
      const locked = await lockChild(
        tx,
        () => pools.get(tx, poolId),
        (pool) => pool.loadBalancerId,
      );
      const { child, tree } = found(locked, 'Pool', poolId);
      return owned({ child, tree: below(tx, tree, 'Pool', child) });
    },
    valid(_executor, { projectId, child: pool }, { fields }) {
      const settled = settleHealthMonitor(fields, pool.protocol, rules);
      const created: HealthMonitor = { ...newResource(deps, projectId), ...settled, poolId: pool.id };
      return {
        created,
        resourceId: created.id,
        place: created,
        makes: { healthMonitor: [created] },
        candidate: { pools: [pool], healthMonitors: [created] },
      };
    },
    async conflicts(executor, { child: pool }) {
      if ((await store.byPool(executor, pool.id)).length > 0) throw new OctaviaError('DUPLICATE_HEALTH_MONITOR');
    },
    write: (tx, _held, { created }) => store.insert(tx, created),
    answer: (_executor, _found, { created }) => ({ healthmonitor: healthMonitorResponse(created, null) }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_health_monitor',
    resourceType: 'health_monitor',
    rule: 'healthmonitor:put',
    parse(request) {
      return { id: parameter(request), change: updateBody(request, HEALTH_MONITOR, HEALTH_MONITOR_ENVELOPE) };
    },
    lock: (tx, { id }) => lockMonitor(tx, id),
    valid(_executor, { child: current, pool }, { change }) {
      const written = changed(deps, settleHealthMonitorChange(current, change, rules));
      const updated: HealthMonitor = waitingForUpdate({ ...current, ...written });
      const candidate = { pools: [pool], healthMonitors: [updated] };
      return { written, updated, resourceId: updated.id, place: updated, makes: {}, candidate };
    },
    conflicts: null,
    write: (tx, { child }, { written }) => store.update(tx, child.id, written),
    answer: (_executor, _found, { updated }) => ({ healthmonitor: healthMonitorResponse(updated, null) }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_health_monitor',
    resourceType: 'health_monitor',
    rule: 'healthmonitor:delete',
    parse: (request) => parameter(request),
    lock: lockMonitor,
    valid: (_executor, { child }) => removal(child),
    conflicts: null,
    write: null,
    answer: null,
  });
}
