import type { FastifyInstance } from 'fastify';
import type { Amphora } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import type { GuardedProvider } from '../../providers/guarded-provider.ts';
import type { Executor } from '../../store/core/database.ts';
import * as store from '../../store/resources/amphorae.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { AMPHORA, amphoraResponse } from '../attributes/amphora.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { found } from './not-found.ts';
import { parameter, shownFields } from './request.ts';
import { lockTree } from './tree-lock.ts';

const KIND = 'Amphora';
const PATH = '/v2/octavia/amphorae';
const QUERYABLE = queryableFields(AMPHORA);

const immutable = (id: string) => new OctaviaError('IMMUTABLE', { kind: 'amphora', id });

/** For operators: what the load balancers are made of. */
export function amphorae(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

  /** Who made the amphora. Spare ones belong to nobody's load balancer and can only be ours. */
  async function providerOf(executor: Executor, { loadBalancerId }: Amphora): Promise<GuardedProvider> {
    const loadBalancer = loadBalancerId === null ? null : await loadBalancers.get(executor, loadBalancerId);
    return deps.providers.get(loadBalancer?.provider ?? 'amphora');
  }

  server.get(PATH, async (request) => {
    authorise(request, 'amphora:get_all');
    return answerList(deps, request, {
      plural: 'amphorae',
      queryable: QUERYABLE,
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => amphoraResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    authorise(request, 'amphora:get_one');
    const amphora = found(await store.get(db, parameter(request)), KIND, parameter(request));
    return { amphora: amphoraResponse(amphora, null, shownFields(request, deps)) };
  });

  server.get(`${PATH}/:id/stats`, async (request) => {
    authorise(request, 'amphora:get_stats');
    const amphora = found(await store.get(db, parameter(request)), KIND, parameter(request));
    const rows = await statistics.ofAmphora(db, amphora.id);
    found(rows[0], 'Amphora stats for', amphora.id);
    return {
      amphora_stats: rows.map((row) => ({
        active_connections: row.activeConnections,
        bytes_in: row.bytesIn,
        bytes_out: row.bytesOut,
        id: amphora.id,
        listener_id: row.listenerId,
        loadbalancer_id: row.loadBalancerId,
        request_errors: row.requestErrors,
        total_connections: row.totalConnections,
      })),
    };
  });

  server.put(`${PATH}/:id/config`, async (request, reply) => {
    authorise(request, 'amphora:put_config');
    await deps.store.transaction(async (tx) => {
      const amphora = found(await store.lock(tx, parameter(request)), KIND, parameter(request));
      await (await providerOf(tx, amphora)).amphorae.configure(tx, amphora);
    });
    return reply.code(202).send();
  });

  server.put(`${PATH}/:id/failover`, async (request, reply) => {
    authorise(request, 'amphora:put_failover');
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const { loadBalancerId } = found(await store.get(tx, id), KIND, id);
      const tree = loadBalancerId === null ? null : await lockTree(tx, loadBalancerId);
      // Read again under the lock: a failover that ran meanwhile may have replaced it.
      const amphora = found(await store.get(tx, id), KIND, id);
      if (!tree) throw immutable(id);
      tree.requireActive();
      await tree.setPending();
      const { loadBalancer } = tree;
      await deps.providers.get(loadBalancer.provider).amphorae.failover(tx, amphora, loadBalancer);
    });
    return reply.code(202).send();
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    authorise(request, 'amphora:delete');
    const id = parameter(request);
    await deps.store.transaction(async (tx) => {
      const amphora = found(await store.lock(tx, id), KIND, id);
      if (amphora.status !== 'READY' && amphora.status !== 'ERROR') throw immutable(id);
      await store.update(tx, id, { status: 'PENDING_DELETE', updatedAt: deps.now() });
      await (await providerOf(tx, amphora)).amphorae.delete(tx, amphora);
    });
    return reply.code(204).send();
  });
}
