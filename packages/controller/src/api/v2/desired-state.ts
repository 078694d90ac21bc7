/**
 * `/v2/octavia/desired-state/{loadbalancer}`: a load balancer with everything below it as one document. What is asked for is
 * compared with what there is, and carried out as one change. Ours alone.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SecretReader } from '../../clouds/certificates/manager.ts';
import { effectOfUpdate } from '../../domain/change-effects.ts';
import { QUOTA_KINDS } from '../../domain/quotas.ts';
import type { LoadBalancer } from '../../domain/resources.ts';
import type { ChildKind } from '../../domain/status-transitions.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import { setTreePending } from '../../status/waiting.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import { isUuid } from '../../store/core/table.ts';
import * as store from '../../store/resources/load-balancers.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import { writeTreeChanges } from '../../store/resources/tree-changes.ts';
import { located, ROOT, withPlace } from '../attributes/desired-state.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type FieldChange, fieldChanges } from '../desired-state/attributes.ts';
import { checkConflicts } from '../desired-state/conflicts.ts';
import { entityTag, exported } from '../desired-state/export.ts';
import { desiredLoadBalancer, writtenOf } from '../desired-state/load-balancer.ts';
import { type Line, listOf, noChildren, objectsIn, type Plan } from '../desired-state/plan.ts';
import { planDesiredState } from '../desired-state/planning.ts';
import { inputOf, waitingIn } from '../desired-state/waiting.ts';
import { failed, membersIn, requireMatch, subnetsIn, type Wish, wishOf } from '../desired-state/wish.ts';
import { authorise } from '../policy/authorise.ts';
import type { ApiRule } from '../policy/rules.ts';
import { changer, type Draft } from './change.ts';
import { flavorAllowsMemberSriov } from './flavor-selection.ts';
import { askedCreate, creation } from './load-balancer-create.ts';
import { changed } from './new-resource.ts';
import { found, notFound } from './not-found.ts';
import { parameter } from './request.ts';
import { rulesOf } from './rules.ts';
import {
  checkListenerSecrets,
  checkPoolSecrets,
  giveSecretsBack,
  hasListenerSecrets,
  hasPoolSecrets,
} from './secrets.ts';
import { seenBy } from './seen-networks.ts';
import { knownSubnets } from './subnets.ts';
import { owned } from './tree-change.ts';
import { type LockedTree, lockTree } from './tree-lock.ts';
import { checkQosPolicy, checkSecurityGroups } from './vip.ts';

const KIND = 'Load Balancer';
const PATH = '/v2/octavia/desired-state/:loadbalancer';

/** Others write at the same time: what was read before the lock is read again. */
const ATTEMPTS = 5;

/** Somebody else was quicker: begin again with what there is now. */
class Moved extends Error {}

interface Held {
  projectId: string;
  tree: LockedTree;
}

interface DesiredDraft extends Draft {
  before: Children;
  plan: Plan;
  loadBalancer: LoadBalancer;
  /** Attributes of the load balancer itself. */
  fields: FieldChange[];
}

const RULES: Record<ChildKind, string> = {
  listener: 'listener',
  pool: 'pool',
  member: 'member',
  health_monitor: 'healthmonitor',
  l7policy: 'l7policy',
  l7rule: 'l7rule',
};
const VERBS = { create: 'post', update: 'put', delete: 'delete' } as const;

/** Everything that is not on its way out. */
function standing({ listeners, pools, members, healthMonitors, l7policies, l7rules }: Children): Children {
  const stays = <T extends { provisioningStatus: string }>(rows: readonly T[]): T[] =>
    rows.filter(({ provisioningStatus }) => provisioningStatus !== 'PENDING_DELETE');
  const idsOf = (rows: readonly { id: string }[]) => new Set(rows.map(({ id }) => id));
  const tree = { ...noChildren(), listeners: stays(listeners), pools: stays(pools) };
  const [poolIds, listenerIds] = [idsOf(tree.pools), idsOf(tree.listeners)];
  tree.members = stays(members).filter(({ poolId }) => poolIds.has(poolId));
  tree.healthMonitors = stays(healthMonitors).filter(({ poolId }) => poolIds.has(poolId));
  tree.l7policies = stays(l7policies).filter(({ listenerId }) => listenerIds.has(listenerId));
  const policyIds = idsOf(tree.l7policies);
  tree.l7rules = stays(l7rules).filter(({ l7policyId }) => policyIds.has(l7policyId));
  return tree;
}

const lineResponse = ({ action, kind, id, name, place, fields, effect }: Line, isNew: boolean) => ({
  action,
  kind,
  // What a dry run would create has no id.
  id: isNew ? null : id,
  name,
  path: place,
  fields,
  effect,
});

export function desiredState(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config);
  const { db } = deps.store;
  const newLoadBalancer = creation(deps);

  async function treeOf(executor: Executor, id: string) {
    const tree = found(await store.tree(executor, id), KIND, id);
    return { loadBalancer: tree.loadBalancer, children: standing(tree) };
  }

  /** Null: nobody has the name. @throws OctaviaError NOT_FOUND, VALIDATION */
  async function find(executor: Executor, reference: string, projectId: string | null): Promise<LoadBalancer | null> {
    const byId = isUuid(reference) ? await store.get(executor, reference) : null;
    if (byId) return byId;
    const [own, another] = await store.byName(executor, reference, projectId);
    if (another) {
      throw refusal(`Several load balancers are called '${reference}': use the id of the one that is meant.`);
    }
    if (!own && isUuid(reference)) throw notFound(KIND, reference);
    return own ?? null;
  }

  server.get(PATH, async (request, reply) => {
    const reference = parameter(request, 'loadbalancer');
    const { caller } = request;
    const loadBalancer = found(await find(db, reference, caller.projectId), KIND, reference);
    authorise(request, 'loadbalancer:get_one', loadBalancer.projectId);
    const { children, loadBalancer: shown } = await treeOf(db, loadBalancer.id);
    reply.header('etag', entityTag(shown, children));
    return { loadbalancer: exported(shown, children, rules) };
  });

  const config = { change: { kind: 'apply_desired_state', rule: 'loadbalancer:put' } } as const;
  server.put(PATH, { config }, async (request, reply) => {
    const reference = parameter(request, 'loadbalancer');
    const wish = wishOf(request, reference);
    const projectId = wish.document.projectId ?? request.caller.projectId;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const current = await find(db, reference, projectId);
        const body = current
          ? await update(request, reply, wish, current)
          : await create(request, reply, wish, reference);
        giveSecretsBack(deps, request);
        return reply.code(200).send(body);
      } catch (error) {
        if (!(error instanceof Moved)) throw error;
        if (attempt === ATTEMPTS) throw new OctaviaError('DATABASE_CONTENTION', {}, { cause: error });
      }
    }
  });

  function create(request: FastifyRequest, reply: FastifyReply, wish: Wish, name: string) {
    const { document, prune, dryRun, ifMatch } = wish;
    if (ifMatch) throw failed(`There is no load balancer '${name}' that could match.`);
    let plan: Plan | null = null;
    const asked = {
      ...askedCreate(request, deps, { ...document, name, listeners: [], pools: [] }),
      below: {
        memberSubnets: subnetsIn(document),
        plan(loadBalancer: LoadBalancer, sriovMembers: boolean, subnets: ReadonlySet<string>) {
          const context = { rules, sriovMembers, knownSubnets: subnets, identify: deps, prune };
          plan = planDesiredState(document, noChildren(), loadBalancer, context);
          return plan.created;
        },
      },
      /** Of two who create it at once the second one finds it. */
      async first(tx: Tx) {
        await store.holdName(tx, name, asked.projectId);
        if ((await store.byName(tx, name, asked.projectId)).length > 0) throw new Moved();
      },
    };
    const route = {
      ...newLoadBalancer,
      conflicts: () => {
        if (plan) checkConflicts(plan);
      },
      answer: (_executor: Executor, _found: object, { loadBalancer }: { loadBalancer: LoadBalancer }) => {
        const lines = (plan?.lines(noChildren()) ?? []).map((line): Line => ({ ...line, effect: 'none' }));
        const own: Line = {
          action: 'create',
          kind: 'load_balancer',
          id: loadBalancer.id,
          name,
          place: ROOT,
          fields: [],
          effect: 'rebuild',
        };
        const tag = dryRun ? null : entityTag(loadBalancer, plan?.after ?? noChildren());
        return answer(reply, dryRun ? null : loadBalancer.id, tag, [own, ...lines], dryRun);
      },
    };
    return quotaPlaced(
      () => plan,
      () => changer(deps, route)(request, asked, { dryRun }),
    );
  }

  async function update(request: FastifyRequest, reply: FastifyReply, wish: Wish, { id }: LoadBalancer) {
    const { document, prune, dryRun, ifMatch, onlyNew } = wish;
    const seen = await treeOf(db, id);
    const seenTag = entityTag(seen.loadBalancer, seen.children);
    const subnets = await knownSubnets(seenBy(request, deps.network), subnetsIn(document));
    const planOn = ({ loadBalancer, children }: typeof seen, sriovMembers: boolean) => {
      const wanted = desiredLoadBalancer(document, loadBalancer);
      const context = { rules, sriovMembers, knownSubnets: subnets, identify: deps, prune };
      return { wanted, plan: planDesiredState(document, children, wanted, context) };
    };
    let plan: Plan | null = null;

    const change = changer<null, Held, Held, DesiredDraft>(deps, {
      kind: 'apply_desired_state',
      resourceType: 'load_balancer',
      rule: 'loadbalancer:put',
      async outside() {
        return {
          projectId: seen.loadBalancer.projectId,
          ask: async (reader) => {
            requireMatch(seenTag, ifMatch, onlyNew);
            const { wanted, plan: draft } = planOn(seen, true);
            await askCloud(reader, draft, seen, wanted);
          },
        };
      },
      served: (_found, { loadBalancer }) => loadBalancer,
      async valid(executor, { projectId }) {
        const now = await treeOf(executor, id);
        const tag = entityTag(now.loadBalancer, now.children);
        requireMatch(tag, ifMatch, onlyNew);
        if (tag !== seenTag) throw new Moved();
        const asksSriov = membersIn(document).some(({ requestSriov }) => requestSriov);
        const sriov = asksSriov && (await flavorAllowsMemberSriov(executor as Tx, now.loadBalancer.flavorId));
        const { wanted, plan: draft } = planOn(now, sriov);
        plan = draft;
        const fields = fieldChanges('load_balancer', now.loadBalancer, wanted);
        const allow = (rule: string, place: string | null) =>
          located(place ?? ROOT, () => authorise(request, rule as ApiRule, projectId));
        if (fields.some(({ name }) => name === 'vip_sg_ids'))
          allow('loadbalancer:put:vip_sg_ids', `${ROOT}.vip_sg_ids`);
        for (const { action, kind, place } of draft.lines(now.children)) {
          allow(`${RULES[kind as ChildKind]}:${VERBS[action]}`, place);
        }
        const isEmpty = draft.isEmpty && fields.length === 0;
        return {
          before: now.children,
          plan: draft,
          loadBalancer: wanted,
          fields,
          resourceId: id,
          makes: objectsIn(draft.created),
          removes: objectsIn(draft.leaving),
          candidate: isEmpty ? null : { loadBalancer: wanted, ...draft.after },
          input: inputOf(draft, fields),
          isEmpty,
        };
      },
      conflicts: (_executor, _found, draft) => checkConflicts(draft.plan),
      answer(_executor, _found, { before, plan: { after }, loadBalancer, fields, plan: draft }) {
        const names = fields.map(({ name }) => name);
        const own: Line[] =
          fields.length === 0
            ? []
            : [
                {
                  action: 'update',
                  kind: 'load_balancer',
                  id,
                  name: loadBalancer.name,
                  place: ROOT,
                  fields,
                  effect: effectOfUpdate(names),
                },
              ];
        const tag = dryRun ? seenTag : entityTag(loadBalancer, after);
        return answer(reply, id, tag, [...own, ...draft.lines(before)], dryRun);
      },
      locked: {
        lock: async (tx) => owned({ tree: found(await lockTree(tx, id), KIND, id) }),
        admit: (_tx, { projectId, tree }, { units, limits, leaving }) =>
          tree.reserve(projectId, units, limits, leaving),
        waits: (tx, _held, draft) => setTreePending(tx, id, waitingIn(draft.before, draft.plan)),
        async write(tx, _held, { before, plan: { created, updates }, loadBalancer, fields }) {
          if (fields.length > 0) await store.update(tx, id, changed(deps, writtenOf(loadBalancer)));
          const written = updates.map((one) => ({ ...one, written: changed(deps, one.written) }));
          await writeTreeChanges(tx, before.listeners, created, written);
        },
        submit: (provider, tx, _held, submitted) => provider.submit(tx, submitted),
      },
    });
    return quotaPlaced(
      () => plan,
      () => change(request, null, { dryRun }),
    );
  }

  /** Secrets, policies and groups that were not in use before. Before any transaction, for others may be slow. */
  async function askCloud(
    reader: SecretReader,
    { after, places }: Plan,
    { loadBalancer: current, children }: { loadBalancer: LoadBalancer; children: Children },
    { vip }: LoadBalancer,
  ): Promise<void> {
    const at = async (place: string, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        throw withPlace(place, error);
      }
    };
    for (const listener of after.listeners.filter(hasListenerSecrets)) {
      const known = children.listeners.find(({ id }) => id === listener.id) ?? null;
      if (listener === known) continue;
      await at(places.get(listener.id) ?? ROOT, () => checkListenerSecrets(deps, reader, listener, known));
    }
    for (const pool of after.pools.filter(hasPoolSecrets)) {
      const known = children.pools.find(({ id }) => id === pool.id) ?? null;
      if (pool === known) continue;
      await at(places.get(pool.id) ?? ROOT, () => checkPoolSecrets(deps, reader, pool, known));
    }
    if (vip.qosPolicyId !== null && vip.qosPolicyId !== current.vip.qosPolicyId) {
      await at(`${ROOT}.vip_qos_policy_id`, () => checkQosPolicy(deps.network, vip.qosPolicyId));
    }
    const groups = vip.securityGroupIds;
    if (groups.length > 0 && groups.toSorted().join() !== current.vip.securityGroupIds.toSorted().join()) {
      await at(`${ROOT}.vip_sg_ids`, () => checkSecurityGroups(deps.network, groups, vip.vnicType));
    }
  }
}

function answer(reply: FastifyReply, id: string | null, tag: string | null, lines: readonly Line[], dryRun: boolean) {
  if (tag !== null) reply.header('etag', tag);
  return {
    plan: {
      loadbalancer_id: id,
      dry_run: dryRun,
      changes: lines.map((line) => lineResponse(line, dryRun && line.action === 'create')),
    },
  };
}

/** Names what would exceed a quota. */
async function quotaPlaced<T>(plan: () => Plan | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, parameters } = Object(error) as Partial<OctaviaError>;
    if (code !== 'QUOTA_EXCEEDED') throw error;
    const kind = Object.values(QUOTA_KINDS).find(({ title }) => title === parameters?.resources)?.column;
    const created = plan()?.created;
    const last = kind && kind !== 'load_balancer' && created ? listOf(created, kind as ChildKind).at(-1) : undefined;
    throw withPlace(plan()?.places.get(last?.id ?? '') ?? ROOT, error);
  }
}
