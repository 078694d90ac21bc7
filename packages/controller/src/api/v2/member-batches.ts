/** `PUT …/members`: the members of a pool as a whole. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Member, MemberSettings, Pool } from '../../domain/resources.ts';
import { checkMemberAddresses, requireSriov, settleMember } from '../../domain/validation/member.ts';
import { isMonitored } from '../../store/resources/health-monitors.ts';
import * as loadBalancers from '../../store/resources/load-balancers.ts';
import { type BatchTarget, type PresentMember, target } from '../../store/resources/member-batches.ts';
import * as store from '../../store/resources/members.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { RouteFault } from '../faults.ts';
import { authorise } from '../policy/authorise.ts';
import { readBody } from '../request-body.ts';
import { deciding } from './fitting-pool.ts';
import { flavorAllowsMemberSriov } from './flavor-selection.ts';
import { type BatchEntry, type BatchPlan, parseBatch, planBatch } from './member-batch.ts';
import { newMemberStatus, newResource, pendingUpdate } from './new-resource.ts';
import { notFound } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { parameter, queryParameters } from './request.ts';
import { rulesOf } from './rules.ts';
import { seenBy } from './seen-networks.ts';
import { knownSubnets, requireSubnet } from './subnets.ts';
import { lockPool, setPoolPending } from './tree-lock.ts';

interface Batch {
  entries: BatchEntry[];
  /** Members that the list does not name stay. */
  additive: boolean;
  subnets: ReadonlySet<string>;
}

export function memberBatches(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).addresses;
  const limits = quotaRules(deps.config);

  server.put('/v2/lbaas/pools/:pool/members', async (request, reply) => {
    const id = parameter(request, 'pool');
    const seen = await target(deps.store.db, id);
    if (!seen) throw new RouteFault(notFound('Pool', id));
    const batch = await read(request);
    if (!(await writeUnlocked(request, batch, seen))) await writeLocked(request, batch, seen.pool);
    return reply.code(202).send();
  });

  async function read(request: FastifyRequest): Promise<Batch> {
    const entries = parseBatch(readBody(request.body));
    return {
      entries,
      additive: isTrueish(queryParameters(request).get('additive_only') ?? ''),
      // Asked before the transaction: a network driver may need a database connection of its own.
      subnets: await knownSubnets(
        seenBy(request.caller, deps.network),
        entries.map(({ wish }) => wish.subnetId),
      ),
    };
  }

  function judge(request: FastifyRequest, { entries, additive, subnets }: Batch, pool: Pool, present: PresentMember[]) {
    authorise(request, 'member:post', pool.projectId);
    authorise(request, 'member:put', pool.projectId);
    if (!additive) authorise(request, 'member:delete', pool.projectId);
    for (const { wish } of entries) checkMemberAddresses(wish, rules);
    const plan = planBatch(entries, present, additive);
    for (const subnetId of plan.newSubnets) requireSubnet(subnetId, subnets);
    return plan;
  }

  /**
   * Nearly all batches: what was read is judged, and one statement writes the outcome if it still holds.
   * @returns false when there is more to it; nothing is written then
   */
  async function writeUnlocked(request: FastifyRequest, batch: Batch, seen: BatchTarget): Promise<boolean> {
    const { pool, loadBalancer, version, members } = seen;
    if (loadBalancer.provisioningStatus !== 'ACTIVE' || pool.provisioningStatus !== 'ACTIVE') return false;
    const plan = judge(request, batch, pool, members);
    // What a flavor allows is asked under the lock.
    if (plan.wantsSriov) return false;
    const created = newMembers(plan, pool, seen.monitored, false);
    const touched = [...created, ...plan.updated, ...plan.removed];
    if (touched.length === 0) return false;
    const provider = deps.providers.get(loadBalancer.provider);
    const listeners = await deciding(deps.store.db, pool);
    provider.check({ loadBalancer, listeners, pools: [pool], members: [...created, ...plan.updated] });
    const { operation, committed } = provider.accept(changeOf(pool, touched));
    const isWritten = await loadBalancers.changeUnchanged(deps.store.db, {
      id: loadBalancer.id,
      version,
      below: { poolId: pool.id },
      parts: [
        ...store.additions(created, loadBalancers.UNCHANGED),
        ...store.changes(written(plan), loadBalancers.UNCHANGED),
      ],
      units: { projectId: pool.projectId, units: { member: created.length }, rules: limits },
      operation,
    });
    if (isWritten) committed?.();
    return isWritten;
  }

  async function writeLocked(request: FastifyRequest, batch: Batch, outside: Pool): Promise<void> {
    await deps.store.transaction(async (tx) => {
      const { pool, tree } = await lockPool(tx, outside);
      const { loadBalancer } = tree;
      const plan = judge(request, batch, pool, await store.byPool(tx, pool.id));
      const sriov = plan.wantsSriov && (await flavorAllowsMemberSriov(tx, loadBalancer.flavorId));
      if (plan.wantsSriov) requireSriov(sriov);
      const monitored = plan.created.length > 0 && (await isMonitored(tx, pool.id));
      const created = newMembers(plan, pool, monitored, sriov);
      const provider = deps.providers.get(loadBalancer.provider);
      const listeners = await deciding(tx, pool);
      provider.check({ loadBalancer, listeners, pools: [pool], members: [...created, ...plan.updated] });
      const [units, leaving] = [{ member: created.length }, { member: plan.removed.length }];
      await tree.reserve(pool.projectId, units, limits, leaving);
      const touched = [...created, ...plan.updated, ...plan.removed];
      if (touched.length === 0) return;
      const parts = [...store.additions(created), ...store.changes(written(plan))];
      await setPoolPending(tx, tree, pool.id, parts);
      await provider.submit(tx, changeOf(pool, touched));
    });
  }

  function newMembers({ created }: BatchPlan, { id, projectId }: Pool, monitored: boolean, sriov: boolean): Member[] {
    const status = newMemberStatus(monitored);
    return created.map(({ projectId: _ignored, ...fields }): Member => {
      return { ...newResource(deps, projectId, status), ...settleMember(fields, sriov), poolId: id };
    });
  }

  /** Lists of changes: of members that stay, of those that go. */
  function written({ updated, removed, moves }: BatchPlan) {
    const change = pendingUpdate(deps, {});
    return [
      updated.map((member) => ({ ...(moves ? mutable(member) : unmoved(mutable(member))), ...change })),
      removed.map(({ id }) => ({ id, provisioningStatus: 'PENDING_DELETE' as const })),
    ];
  }
}

/** What a batch may change of a member; statuses that heartbeats measure are not among it. */
function mutable({ projectId: _1, poolId: _2, address: _3, protocolPort: _4, ...changeable }: MemberSettings) {
  return changeable;
}

/** Where nobody moves it is not written: members of several subnets can then be written as alike. */
function unmoved({ subnetId: _1, vnicType: _2, ...rest }: ReturnType<typeof mutable>) {
  return rest;
}

const changeOf = (pool: Pool, touched: readonly { id: string }[]) => ({
  kind: 'batch_update_members' as const,
  loadBalancerId: pool.loadBalancerId,
  projectId: pool.projectId,
  resourceType: 'pool' as const,
  resourceId: pool.id,
  input: { memberIds: touched.map(({ id }) => id) },
});
