import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SecretReader } from '../../clouds/certificates/manager.ts';
import type { LoadBalancer, Vip } from '../../domain/resources.ts';
import { waitingForUpdate } from '../../domain/status-transitions.ts';
import { checkCidrsBesideGroups } from '../../domain/validation/listener.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { Executor, Tx } from '../../store/core/database.ts';
import type { RowVersion } from '../../store/core/table.ts';
import { isDatabaseUnavailable } from '../../store/core/unavailable.ts';
import * as listeners from '../../store/resources/listeners.ts';
import * as store from '../../store/resources/load-balancers.ts';
import { type Children, insertTree, isThere, type NewTree, objectsOf } from '../../store/resources/new-trees.ts';
import * as quotas from '../../store/resources/quotas.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { statusTree as statuses } from '../../store/resources/status-tree.ts';
import {
  LOAD_BALANCER,
  LOAD_BALANCER_ENVELOPE,
  type LoadBalancerCreate,
  type LoadBalancerRelations,
  loadBalancerResponse,
} from '../attributes/load-balancer.ts';
import { queryableFields } from '../attributes/query.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answerList } from '../lists/collection.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import { RememberedList, type VersionedCollection } from '../remembered/remembered-list.ts';
import { changeRoute, type Draft, type Target } from './change.ts';
import {
  allowsMemberSriov,
  type Choice,
  choose,
  topologyOf,
  unchosen,
  validateChoice,
  vnicTypeOf,
  zoneVipNetworks,
} from './flavor-selection.ts';
import { changed, newResource } from './new-resource.ts';
import { found } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, queryParameters, sendText, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkTreeSecrets, readerOf } from './secrets.ts';
import { type SeenNetworks, seenBy } from './seen-networks.ts';
import { statisticsResponse } from './statistics.ts';
import { statusResponse } from './status-tree.ts';
import { knownSubnets } from './subnets.ts';
import { owned, removal, treeChange } from './tree-change.ts';
import { checkUnique, memberSubnets, planTree } from './tree-create.ts';
import { lockTree } from './tree-lock.ts';
import { treeResponse } from './tree-response.ts';
import { TreeWriter } from './tree-writer.ts';
import {
  allocateVip,
  asSpelled,
  checkQosPolicy,
  checkSecurityGroups,
  expectedAddresses,
  planVip,
  type VipPlan,
} from './vip.ts';

const KIND = 'Load Balancer';
const PATH = '/v2/lbaas/loadbalancers';
const QUERYABLE = queryableFields(LOAD_BALANCER);
type Listed = store.ShownLoadBalancer & RowVersion;

const LIST: VersionedCollection<Listed> = {
  plural: 'loadbalancers',
  queryable: QUERYABLE,
  list: store.listShown,
  versions: store.versions,
  rowsOf: store.shownOf,
  respond: async (rows, fields) => rows.map((row) => loadBalancerResponse(row, row, fields)),
};

const CHILDLESS: LoadBalancerRelations = { listenerIds: [], poolIds: [] };

export function loadBalancers(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config);
  const { db } = deps.store;
  const writer = new TreeWriter(deps.store, quotaRules(deps.config));
  const remembered = deps.config.api_settings.remember_lists ? new RememberedList<Listed>(deps.store) : null;

  server.get(PATH, async (request, reply) => {
    const collection = { ...LIST, scope: visibleProjects(request, 'loadbalancer') };
    const text = await remembered?.answer(deps, request, collection);
    return text ? sendText(reply, text) : answerList(deps, request, collection);
  });

  server.get(`${PATH}/:id`, async (request) => {
    const loadBalancer = found(await store.shown(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_one', loadBalancer.projectId);
    return { loadbalancer: loadBalancerResponse(loadBalancer, loadBalancer, shownFields(request, deps)) };
  });

  server.get(`${PATH}/:id/stats`, async (request) => {
    const loadBalancer = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_stats', loadBalancer.projectId);
    return statisticsResponse(await statistics.forLoadBalancer(db, loadBalancer.id));
  });

  for (const path of [`${PATH}/:id/status`, `${PATH}/:id/statuses`]) {
    server.get(path, async (request) => {
      const tree = found(await statuses(db, parameter(request)), KIND, parameter(request));
      authorise(request, 'loadbalancer:get_status', tree.projectId);
      return statusResponse(tree);
    });
  }

  changeRoute<Asked, Target, Target, CreateDraft>(server, deps, {
    method: 'POST',
    url: PATH,
    status: 201,
    kind: 'create_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:post',
    parse(request) {
      const body = createBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
      const projectId = body.projectId || request.caller.projectId;
      if (!projectId) throw new OctaviaError('MISSING_PROJECT');
      return {
        body,
        projectId,
        seen: seenBy(request.caller, deps.network),
        reader: readerOf(deps, request, projectId),
      };
    },
    alsoNeeds: ({ body }) => (body.vipSgIds.length > 0 ? ['loadbalancer:post:vip_sg_ids'] : []),
    async valid(_executor, { projectId }, { body, seen, reader }) {
      const chosen = chooses(body)
        ? await deps.store.transaction((tx) => choose(tx, body, deps.providers))
        : unchosen(body, deps.providers);
      const { networking } = deps.config;
      const vipNetworks = zoneVipNetworks(chosen);
      const topology = topologyOf(chosen, deps.config.controller_worker.loadbalancer_topology);
      const plan = await planVip(
        seen,
        vipNetworks ? { ...networking, valid_vip_networks: vipNetworks } : networking,
        body,
        { topology, vnicType: vnicTypeOf(chosen) },
      );
      const subnets = await knownSubnets(seen, memberSubnets(body));
      const loadBalancer: LoadBalancer = {
        ...newResource(deps, projectId),
        name: body.name,
        description: body.description,
        adminStateUp: body.adminStateUp,
        tags: body.tags,
        provider: chosen.providerName,
        topology,
        flavorId: body.flavorId,
        availabilityZone: body.availabilityZone,
        ...(await draftVip(plan)),
      };
      const tree = planTree(body, loadBalancer, { ...rules, sriovMembers: allowsMemberSriov(chosen) }, subnets, deps);
      await checkTreeSecrets(deps, reader, tree);
      return {
        chosen,
        plan,
        loadBalancer,
        tree,
        resourceId: loadBalancer.id,
        makes: objectsOf(loadBalancer, tree),
        candidate: tree,
        // What is built depends on the topology, which a flow knows from its operation alone.
        input: { topology },
      };
    },
    served: (_found, { loadBalancer }) => loadBalancer,
    async consult(provider, { chosen, loadBalancer: { vip } }) {
      await validateChoice(chosen, provider);
      if (vip.networkId !== null) await provider.checkVipNetwork(vip.networkId);
    },
    conflicts: (_executor, _found, { tree }) => checkUnique(tree),
    locked: null,
    atOnce: {
      see: (asked) => asked,
      // What is refused anyway costs no port. It is counted with the load balancer.
      looksAtQuota: true,
      async write({ request, asked: { body }, provider, draft, operation, units, limits }) {
        const allocated = await allocateVip(deps.network, provider, draft.plan, draft.loadBalancer);
        const loadBalancer = asSpelled({ ...draft.loadBalancer, ...allocated }, body);
        const created: NewTree = { loadBalancer, ...draft.tree, operation };
        const { projectId } = loadBalancer;
        const inOwnTransaction = () =>
          deps.store.transaction(async (tx) => {
            // They may have gone since.
            if (chooses(body)) await choose(tx, body, deps.providers);
            await quotas.reserve(tx, projectId, units, limits);
            await insertTree(tx, created);
          });
        try {
          if (chooses(body) || !(await writer.write(created))) await inOwnTransaction();
        } catch (error) {
          // Written with others after all: only the answer was lost.
          if (!isThere(error)) {
            await withdrawVip(request, loadBalancer, error);
            throw error;
          }
        }
        return { ...draft, loadBalancer };
      },
    },
    answer: (_executor, _found, { loadBalancer, tree }) => ({
      loadbalancer: { ...loadBalancerResponse(loadBalancer, CHILDLESS), ...treeResponse(tree) },
    }),
  });

  /**
   * Removes the port of a load balancer that was refused. While nobody can tell whether it was written the port stays; when
   * it was not, housekeeping finds the port.
   */
  async function withdrawVip({ log }: FastifyRequest, { id, vip }: LoadBalancer, refused: unknown): Promise<void> {
    if (vip.portId === null || !vip.portOwned || isDatabaseUnavailable(refused)) return;
    try {
      await deps.network.deletePort(vip.portId);
    } catch (error) {
      log.warn({ port: vip.portId, loadBalancer: id, err: error }, 'Could not remove the port of a refused VIP');
    }
  }

  /** Addresses of the right IP version stand in until the port exists. */
  async function draftVip(plan: VipPlan): Promise<Pick<LoadBalancer, 'vip' | 'additionalVips'>> {
    const [address, ...others] = await expectedAddresses(deps.network, plan);
    if ('port' in plan) return plan;
    const [primary, ...additional] = plan.fixedIps;
    return {
      vip: {
        address: address!,
        portId: null,
        subnetId: primary!.subnetId,
        networkId: plan.networkId,
        qosPolicyId: plan.qosPolicyId,
        portOwned: true,
        vnicType: plan.vnicType,
        securityGroupIds: [...plan.securityGroupIds],
      },
      additionalVips: additional.map(({ subnetId }, index) => ({ subnetId, ipAddress: others[index]! })),
    };
  }

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id`,
    status: 200,
    kind: 'update_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:put',
    parse(request) {
      const { vipQosPolicyId, vipSgIds, ...change } = updateBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
      const vipChange: Partial<Pick<Vip, 'qosPolicyId' | 'securityGroupIds'>> = {
        ...(vipQosPolicyId === undefined ? {} : { qosPolicyId: vipQosPolicyId }),
        ...(vipSgIds === undefined ? {} : { securityGroupIds: vipSgIds }),
      };
      return { id: parameter(request), change, vipChange };
    },
    alsoNeeds: ({ vipChange }) => (vipChange.securityGroupIds ? ['loadbalancer:put:vip_sg_ids'] : []),
    /** A network driver may need a database connection of its own. */
    async outside({ id, vipChange: { qosPolicyId, securityGroupIds } }) {
      const changesVip = qosPolicyId !== undefined || securityGroupIds !== undefined;
      const current = changesVip ? await store.get(db, id) : null;
      return (
        current && {
          projectId: current.projectId,
          ask: async () => {
            if (qosPolicyId !== undefined) await checkQosPolicy(deps.network, qosPolicyId);
            if (securityGroupIds) await checkSecurityGroups(deps.network, securityGroupIds, current.vip.vnicType);
          },
        }
      );
    },
    lock: (tx, { id }) => lock(tx, id),
    async valid(executor, { tree: { loadBalancer: current } }, { change, vipChange }) {
      const { securityGroupIds } = vipChange;
      for (const { allowedCidrs } of securityGroupIds ? await listeners.byLoadBalancer(executor, current.id) : []) {
        checkCidrsBesideGroups(allowedCidrs, securityGroupIds ?? []);
      }
      const vip = Object.keys(vipChange).length > 0 ? { vip: { ...current.vip, ...vipChange } } : {};
      const written = changed(deps, { ...change, ...vip });
      const updated: LoadBalancer = waitingForUpdate({ ...current, ...written });
      return {
        written,
        updated,
        resourceId: updated.id,
        place: updated,
        makes: {},
        candidate: { loadBalancer: updated },
      };
    },
    conflicts: null,
    write: (tx, _held, { updated, written }) => store.update(tx, updated.id, written),
    answer: async (executor, _found, { updated }) => ({
      loadbalancer: loadBalancerResponse(updated, await relations(executor, updated.id)),
    }),
  });

  treeChange(server, deps, {
    method: 'PUT',
    url: `${PATH}/:id/failover`,
    status: 202,
    kind: 'failover_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:put_failover',
    parse: (request) => parameter(request),
    lock,
    valid(_executor, { tree: { loadBalancer } }) {
      const { topology } = loadBalancer;
      return { ...removal(loadBalancer), input: { topology } };
    },
    conflicts: null,
    write: null,
    answer: null,
  });

  treeChange(server, deps, {
    method: 'DELETE',
    url: `${PATH}/:id`,
    status: 204,
    kind: 'delete_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:delete',
    parse(request) {
      const cascade = isTrueish(queryParameters(request).get('cascade') ?? '');
      return { id: parameter(request), cascade };
    },
    lock: (tx, { id }) => lock(tx, id),
    async valid(executor, { tree: { loadBalancer } }, { cascade }) {
      const { id } = loadBalancer;
      const { listenerIds, poolIds } = await relations(executor, id);
      if (!cascade && listenerIds.length + poolIds.length > 0) {
        throw refusal(`Cannot delete Load Balancer ${id} - it has children`);
      }
      return { ...removal(loadBalancer), input: { cascade } };
    },
    conflicts: null,
    write: null,
    answer: null,
  });
}

interface Asked {
  body: LoadBalancerCreate;
  projectId: string;
  seen: SeenNetworks;
  /** Of what the tree refers to. */
  reader: SecretReader;
}

interface CreateDraft extends Draft {
  chosen: Choice;
  plan: VipPlan;
  /** The addresses of the VIP stand in until it is allocated. */
  loadBalancer: LoadBalancer;
  tree: Children;
}

/** Flavor and zone are held while the load balancer is written. */
const chooses = ({ flavorId, availabilityZone }: LoadBalancerCreate): boolean =>
  flavorId !== null || availabilityZone !== null;

async function lock(tx: Tx, id: string) {
  return owned({ tree: found(await lockTree(tx, id), KIND, id) });
}

async function relations(executor: Executor, id: string): Promise<LoadBalancerRelations> {
  return (await store.childIds(executor, [id])).get(id) ?? CHILDLESS;
}
