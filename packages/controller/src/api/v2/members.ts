import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Member, Pool } from '../../domain/resources.ts';
import { checkEndpointFree, checkMemberAddresses, settleMember } from '../../domain/validation/member.ts';
import type { Executor } from '../../store/core/database.ts';
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
import { newMemberStatus, newResource, pendingUpdate } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { seenBy } from './seen-networks.ts';
import { knownSubnets, requireSubnet } from './subnets.ts';
import { lockPool, setPoolPending } from './tree-lock.ts';

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

  server.post(PATH, async (request, reply) => {
    const outside = await parent(db, request);
    const { projectId: _ignored, ...fields } = createBody(request, MEMBER, MEMBER_ENVELOPE);
    // Asked before the transaction: a network driver may need a database connection of its own.
    const subnets = await knownSubnets(seenBy(request.caller, deps.network), [fields.subnetId]);
    const member = await deps.store.transaction(async (tx) => {
      const { pool, tree } = await lockPool(tx, outside);
      const { loadBalancer } = tree;
      authorise(request, 'member:post', pool.projectId);
      checkMemberAddresses(fields, rules);
      requireSubnet(fields.subnetId, subnets);
      const status = newMemberStatus(await isMonitored(tx, pool.id));
      const sriov = fields.requestSriov && (await flavorAllowsMemberSriov(tx, loadBalancer.flavorId));
      const settled = settleMember(fields, sriov);
      const created: Member = { ...newResource(deps, pool.projectId, status), ...settled, poolId: pool.id };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: await deciding(tx, pool), pools: [pool], members: [created] });
      await tree.reserve(pool.projectId, { member: 1 }, quotaRules(deps.config));
      checkEndpointFree(created, await store.byPool(tx, pool.id));
      await setPoolPending(tx, tree, pool.id);
      await store.insert(tx, created);
      await provider.submit(tx, changeOf('create_member', created, loadBalancer.id));
      return created;
    });
    return reply.code(201).send({ member: memberResponse(member, null) });
  });

  server.put(`${PATH}/:id`, async (request) => {
    const outside = await parent(db, request);
    const change = updateBody(request, MEMBER, MEMBER_ENVELOPE);
    const member = await deps.store.transaction(async (tx) => {
      const { pool, tree } = await lockPool(tx, outside);
      const { loadBalancer } = tree;
      const current = await memberOf(tx, pool, parameter(request));
      authorise(request, 'member:put', current.projectId);
      checkMemberAddresses(change, rules);
      const written = pendingUpdate(deps, change);
      const updated: Member = { ...current, ...written };
      const provider = deps.providers.get(loadBalancer.provider);
      provider.check({ loadBalancer, listeners: await deciding(tx, pool), pools: [pool], members: [updated] });
      tree.requireActive();
      await setPoolPending(tx, tree, pool.id);
      await store.update(tx, current.id, written);
      await provider.submit(tx, changeOf('update_member', updated, loadBalancer.id));
      return updated;
    });
    return { member: memberResponse(member, null) };
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    const outside = await parent(db, request);
    await deps.store.transaction(async (tx) => {
      const { pool, tree } = await lockPool(tx, outside);
      const member = await memberOf(tx, pool, parameter(request));
      authorise(request, 'member:delete', member.projectId);
      const provider = deps.providers.get(tree.loadBalancer.provider);
      tree.requireActive();
      await setPoolPending(tx, tree, pool.id);
      await store.update(tx, member.id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, changeOf('delete_member', member, tree.loadBalancer.id));
    });
    return reply.code(204).send();
  });

  memberBatches(server, deps);
}

function changeOf(kind: 'create_member' | 'update_member' | 'delete_member', member: Member, loadBalancerId: string) {
  return {
    kind,
    loadBalancerId,
    projectId: member.projectId,
    resourceType: 'member' as const,
    resourceId: member.id,
  };
}
