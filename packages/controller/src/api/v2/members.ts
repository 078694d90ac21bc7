import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Member, Pool } from '../../domain/resources.ts';
import { newMemberStatus, waitingForUpdate } from '../../domain/status-transitions.ts';
import { checkEndpointFree, checkMemberAddresses, settleMember } from '../../domain/validation/member.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import { isMonitored } from '../../store/resources/health-monitors.ts';
import * as store from '../../store/resources/members.ts';
import * as pools from '../../store/resources/pools.ts';
import { MEMBER, MEMBER_ENVELOPE, memberResponse } from '../attributes/member.ts';
import { queryableFields } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { RouteFault } from '../faults.ts';
import { answerList } from '../lists/collection.ts';
import { authorise } from '../policy/authorise.ts';
import { deciding } from './fitting-pool.ts';
import { flavorAllowsMemberSriov } from './flavor-selection.ts';
import { memberBatches } from './member-batches.ts';
import { changed, newResource } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { seenBy } from './seen-networks.ts';
import { knownSubnets, requireSubnet } from './subnets.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { lockPool } from './tree-lock.ts';

const KIND = 'Member';
const PATH = '/v2/lbaas/pools/:pool/members';
const QUERYABLE = queryableFields(MEMBER);

/** The parent in the path is looked up before the controller of members: its 404 has the router's shape. */
async function parent(executor: Executor, request: FastifyRequest): Promise<Pool> {
  const id = parameter(request, 'pool');
  const pool = await pools.get(executor, id);
  if (!pool) throw new RouteFault(notFound('Pool', id));
  return pool;
}

async function memberOf(executor: Executor, pool: Pool, id: string): Promise<Member> {
  const member = await store.get(executor, id);
  return found(member?.poolId === pool.id ? member : null, KIND, id);
}

export function members(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).addresses;
  const { db } = deps.store;

  server.get(PATH, async (request) => {
    const pool = await parent(db, request);
    authorise(request, 'member:get_all', pool.projectId);
    return answerList(deps, request, {
      plural: 'members',
      queryable: QUERYABLE,
      scope: { within: [{ field: 'poolId', values: [pool.id] }] },
      list: store.list,
      respond: async (rows, fields) => rows.map((row) => memberResponse(row, null, fields)),
    });
  });

  server.get(`${PATH}/:id`, async (request) => {
    const member = await memberOf(db, await parent(db, request), parameter(request));
    authorise(request, 'member:get_one', member.projectId);
    return { member: memberResponse(member, null, shownFields(request, deps)) };
  });

  treeChange(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_member',
    resourceType: 'member',
    rule: 'member:post',
    async parse(request) {
      const outside = await parent(db, request);
      const { projectId: _ignored, ...fields } = createBody(request, MEMBER, MEMBER_ENVELOPE);
      // Asked before the transaction: a network driver may need a database connection of its own.
      const subnets = await knownSubnets(seenBy(request, deps.network), [fields.subnetId]);
      return { outside, fields, subnets };
    },
    async lock(tx, { outside }) {
      const locked = owned(await lockPool(tx, outside));
      return { ...locked, allowsSriov: () => flavorAllowsMemberSriov(tx, locked.tree.loadBalancer.flavorId) };
    },
    async valid(executor, { projectId, pool, allowsSriov }, { fields, subnets }) {
      checkMemberAddresses(fields, rules);
      requireSubnet(fields.subnetId, subnets);
      const status = newMemberStatus(await isMonitored(executor, pool.id));
      const settled = settleMember(fields, fields.requestSriov && (await allowsSriov()));
      const created: Member = { ...newResource(deps, projectId, status), ...settled, poolId: pool.id };
      const listeners = await deciding(executor, pool);
      return {
        created,
        resourceId: created.id,
        place: created,
        makes: { member: [created] },
        candidate: { listeners, pools: [pool], members: [created] },
      };
    },
    async conflicts(executor, { pool }, { created }) {
      checkEndpointFree(created, await store.byPool(executor, pool.id));
    },
    write: (tx, _held, { created }) => store.insert(tx, created),
    answer: (_executor, _found, { created }) => ({ member: memberResponse(created, null) }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_member',
    resourceType: 'member',
    rule: 'member:put',
    async parse(request) {
      const outside = await parent(db, request);
      return { outside, id: parameter(request), change: updateBody(request, MEMBER, MEMBER_ENVELOPE) };
    },
    lock: lockMember,
    async valid(executor, { child: current, pool }, { change }) {
      checkMemberAddresses(change, rules);
      const written = changed(deps, change);
      const updated: Member = waitingForUpdate({ ...current, ...written });
      const listeners = await deciding(executor, pool);
      return {
        written,
        updated,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { listeners, pools: [pool], members: [updated] },
      };
    },
    conflicts: null,
    write: (tx, { child }, { written }) => store.update(tx, child.id, written),
    answer: (_executor, _found, { updated }) => ({ member: memberResponse(updated, null) }),
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_member',
    resourceType: 'member',
    rule: 'member:delete',
    parse: async (request) => ({ outside: await parent(db, request), id: parameter(request) }),
    lock: lockMember,
    valid: (_executor, { child }) => removal(child),
    conflicts: null,
    write: null,
    answer: null,
  });

  memberBatches(server, deps);
}

async function lockMember(tx: Tx, { outside, id }: { outside: Pool; id: string }) {
  const locked = await lockPool(tx, outside);
  return owned({ ...locked, child: await memberOf(tx, locked.pool, id) });
}
