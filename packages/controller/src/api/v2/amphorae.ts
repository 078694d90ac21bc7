import type { FastifyInstance } from 'fastify';
import type { Amphora, LoadBalancer } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import type { AmphoraActions } from '../../providers/interface.ts';
import type { Tx } from '../../store/core/database.ts';
import * as store from '../../store/resources/amphorae.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { AMPHORA, amphoraResponse } from '../attributes/amphora.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { changeRoute, type Declaration, type Draft, type Target, type UnderLock } from './change.ts';
import { found } from './not-found.ts';
import { parameter, shownFields } from './request.ts';
import { removal } from './tree-change.ts';
import { lockTree } from './tree-lock.ts';

const KIND = 'Amphora';
const PATH = '/v2/octavia/amphorae';
const QUERYABLE = queryableFields(AMPHORA);

const immutable = (id: string) => new OctaviaError('IMMUTABLE', { kind: 'amphora', id });

/** For operators: what the load balancers are made of. */
export function amphorae(server: FastifyInstance, deps: ApiDependencies): void {
  const { db } = deps.store;

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

  amphoraChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id/config`,
    status: 202,
    kind: 'update_amphora_configuration',
    rule: 'amphora:put_config',
    lock: async (tx, id) => ({ ...(await lockAlone(tx, id)), requireState: () => undefined }),
    waits: null,
    write: null,
    submit: (actions, tx, { amphora }) => actions.configure(tx, amphora),
  });

  amphoraChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id/failover`,
    status: 202,
    kind: 'failover_amphora',
    rule: 'amphora:put_failover',
    async lock(tx, id) {
      const { loadBalancerId } = found(await store.get(tx, id), KIND, id);
      const tree = loadBalancerId === null ? null : await lockTree(tx, loadBalancerId);
      // Read again under the lock: a failover that ran meanwhile may have replaced it.
      const amphora = found(await store.get(tx, id), KIND, id);
      if (!tree) throw immutable(id);
      return { amphora, loadBalancer: tree.loadBalancer, requireState: tree.requireActive, tree };
    },
    waits: (_tx, { tree }) => tree.setPending('failover_amphora', {}),
    write: null,
    submit: (actions, tx, { amphora, loadBalancer }) => actions.failover(tx, amphora, loadBalancer),
  });

  amphoraChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_amphora',
    rule: 'amphora:delete',
    async lock(tx, id) {
      const locked = await lockAlone(tx, id);
      const requireState = () => {
        if (locked.amphora.status !== 'READY' && locked.amphora.status !== 'ERROR') throw immutable(id);
      };
      return { ...locked, requireState };
    },
    waits: null,
    write: (tx, { amphora }) => store.update(tx, amphora.id, { status: 'PENDING_DELETE', updatedAt: deps.now() }),
    submit: (actions, tx, { amphora }) => actions.delete(tx, amphora),
  });
}

interface HeldAmphora {
  amphora: Amphora;
  /** null: a spare one. */
  loadBalancer: LoadBalancer | null;
  /** @throws OctaviaError IMMUTABLE */
  requireState(): void;
}

interface AmphoraChange<H extends HeldAmphora>
  extends Pick<Declaration<string, Owned<H>, Draft>, 'method' | 'url' | 'status' | 'kind' | 'rule'>,
    UnderLock<string, H, Draft> {
  submit(actions: AmphoraActions, tx: Tx, held: H): Promise<void>;
}

type Owned<H extends HeldAmphora> = H & Target;

/** What operators ask of one amphora: it has no quota, and its provider is told directly. */
function amphoraChange<H extends HeldAmphora>(
  server: FastifyInstance,
  deps: ApiDependencies,
  { lock, waits, write, submit, ...head }: AmphoraChange<H>,
): void {
  changeRoute<string, Owned<H>, Owned<H>, Draft>(server, deps, {
    ...head,
    isOperators: true,
    resourceType: 'amphora',
    parse: (request) => parameter(request),
    valid: (_executor, { amphora }) => removal(amphora),
    conflicts: null,
    answer: null,
    served: ({ loadBalancer }) => loadBalancer,
    locked: {
      async lock(tx, id) {
        const held = await lock(tx, id);
        return { ...held, projectId: held.loadBalancer?.projectId ?? '' };
      },
      admit: (_tx, held) => held.requireState(),
      waits,
      write,
      submit: ({ amphorae: actions }, tx, held) => submit(actions, tx, held),
    },
  });
}

async function lockAlone(tx: Tx, id: string) {
  const amphora = found(await store.lock(tx, id), KIND, id);
  const { loadBalancerId } = amphora;
  return { amphora, loadBalancer: loadBalancerId === null ? null : await loadBalancers.get(tx, loadBalancerId) };
}
