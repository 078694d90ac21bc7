/** `PUT …/members`: the members of a pool as a whole. */
import type { FastifyInstance } from 'fastify';
import type { Member, MemberSettings, Pool } from '../../domain/resources.ts';
import { newMemberStatus } from '../../domain/status-transitions.ts';
import { checkMemberAddresses, requireSriov, settleMember } from '../../domain/validation/member.ts';
import { batchParts, changeUnchanged, type MemberBatch } from '../../status/waiting.ts';
import { isMonitored } from '../../store/resources/health-monitors.ts';
import { type BatchTarget, type PresentMember, target } from '../../store/resources/member-batches.ts';
import * as store from '../../store/resources/members.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { RouteFault } from '../faults.ts';
import { readBody } from '../request-body.ts';
import { deciding } from './fitting-pool.ts';
import { flavorAllowsMemberSriov } from './flavor-selection.ts';
import { type BatchEntry, type BatchPlan, parseBatch, planBatch } from './member-batch.ts';
import { changed, newResource } from './new-resource.ts';
import { notFound } from './not-found.ts';
import { parameter, queryParameters } from './request.ts';
import { rulesOf } from './rules.ts';
import { seenBy } from './seen-networks.ts';
import { knownSubnets, requireSubnet } from './subnets.ts';
import { type InTree, owned, type TreeDraft, treeChange } from './tree-change.ts';
import { lockPool } from './tree-lock.ts';

interface Batch {
  entries: BatchEntry[];
  /** Members that the list does not name stay. */
  additive: boolean;
  subnets: ReadonlySet<string>;
  /** The pool before the transaction. */
  seen: BatchTarget;
}

/** A pool, what it has, and what a batch needs to know besides; under the lock where `tree` is a locked one. */
interface PoolFound extends InTree {
  pool: Pool;
  present: PresentMember[];
  monitored(): boolean | Promise<boolean>;
  allowsSriov(): boolean | Promise<boolean>;
}

interface BatchDraft extends TreeDraft {
  plan: BatchPlan;
  created: Member[];
}

export function memberBatches(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config).addresses;
  const { db } = deps.store;

  treeChange<Batch, PoolFound, BatchDraft>(server, deps, {
    method: 'PUT',
    url: '/v2/lbaas/pools/:pool/members',
    status: 202,
    kind: 'batch_update_members',
    resourceType: 'pool',
    rule: 'member:post',
    async parse(request) {
      const id = parameter(request, 'pool');
      const seen = await target(db, id);
      if (!seen) throw new RouteFault(notFound('Pool', id));
      const entries = parseBatch(readBody(request.body));
      // Asked before the transaction: a network driver may need a database connection of its own.
      const subnets = await knownSubnets(
        seenBy(request, deps.network),
        entries.map(({ wish }) => wish.subnetId),
      );
      return { entries, additive: isTrueish(queryParameters(request).get('additive_only') ?? ''), subnets, seen };
    },
    alsoNeeds: ({ additive }) => (additive ? ['member:put'] : ['member:put', 'member:delete']),
    async lock(tx, { seen }) {
      const { pool, tree } = await lockPool(tx, seen.pool);
      return {
        ...owned({ tree }),
        pool,
        present: await store.byPool(tx, pool.id),
        monitored: () => isMonitored(tx, pool.id),
        allowsSriov: () => flavorAllowsMemberSriov(tx, tree.loadBalancer.flavorId),
      };
    },
    async valid(executor, { pool, present, monitored, allowsSriov }, { entries, additive, subnets }) {
      for (const { wish } of entries) checkMemberAddresses(wish, rules);
      const plan = planBatch(entries, present, additive);
      for (const subnetId of plan.newSubnets) requireSubnet(subnetId, subnets);
      const sriov = plan.wantsSriov && (await allowsSriov());
      if (plan.wantsSriov) requireSriov(sriov);
      const created = newMembers(plan, pool, plan.created.length > 0 && (await monitored()), sriov);
      const memberIds = [...created, ...plan.updated, ...plan.removed].map(({ id }) => id);
      return {
        plan,
        created,
        resourceId: pool.id,
        place: { poolId: pool.id },
        makes: { member: created },
        removes: { member: plan.removed },
        candidate: { listeners: await deciding(executor, pool), pools: [pool], members: [...created, ...plan.updated] },
        input: { memberIds },
        isEmpty: memberIds.length === 0,
      };
    },
    conflicts: null,
    parts: (draft) => batchParts(written(draft)),
    write: null,
    answer: null,
    /** Nearly all batches: what was read is judged, and one statement writes the outcome if it still holds. */
    atOnce: {
      see({ entries, seen: { pool, loadBalancer, members, monitored } }) {
        if (loadBalancer.provisioningStatus !== 'ACTIVE' || pool.provisioningStatus !== 'ACTIVE') return null;
        // What a flavor allows is asked under the lock.
        if (entries.some(({ wish }) => wish.requestSriov)) return null;
        return {
          projectId: pool.projectId,
          tree: { loadBalancer },
          pool,
          present: members,
          monitored: () => monitored,
          allowsSriov: () => false,
        };
      },
      looksAtQuota: false,
      async write({ asked: { seen }, draft, operation, units, limits }) {
        const { pool, loadBalancer, version } = seen;
        const isWritten = await changeUnchanged(db, {
          loadBalancerId: loadBalancer.id,
          version,
          poolId: pool.id,
          batch: written(draft),
          units: { projectId: pool.projectId, units, rules: limits },
          operation,
        });
        return isWritten ? draft : null;
      },
    },
  });

  function newMembers({ created }: BatchPlan, { id, projectId }: Pool, monitored: boolean, sriov: boolean): Member[] {
    const status = newMemberStatus(monitored);
    return created.map(({ projectId: _ignored, ...fields }): Member => {
      return { ...newResource(deps, projectId, status), ...settleMember(fields, sriov), poolId: id };
    });
  }

  function written({ created, plan: { updated, removed, moves } }: BatchDraft): MemberBatch {
    const change = changed(deps, {});
    return {
      created,
      updated: updated.map((member) => ({ ...(moves ? mutable(member) : unmoved(mutable(member))), ...change })),
      removed,
    };
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
