import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PortChanges } from '../../clouds/network/interface.ts';
import type { LoadBalancer } from '../../domain/resources.ts';
import { checkCidrsBesideGroups } from '../../domain/validation/listener.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { Tx } from '../../store/core/database.ts';
import { isDatabaseUnavailable } from '../../store/core/unavailable.ts';
import * as listeners from '../../store/resources/listeners.ts';
import * as store from '../../store/resources/load-balancers.ts';
import { insertTree, isThere, type NewTree, unitsOf } from '../../store/resources/new-trees.ts';
import * as quotas from '../../store/resources/quotas.ts';
import * as statistics from '../../store/resources/statistics.ts';
import { statusTree as statuses } from '../../store/resources/status-tree.ts';
import {
  LOAD_BALANCER,
  LOAD_BALANCER_ENVELOPE,
  type LoadBalancerRelations,
  loadBalancerResponse,
  loadBalancerText,
} from '../attributes/load-balancer.ts';
import { queryableFields } from '../attributes/query.ts';
import { isTrueish } from '../attributes/scalar-types.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { listText } from '../lists/collection.ts';
import { RowTexts } from '../lists/row-texts.ts';
import { authorise, visibleProjects } from '../policy/authorise.ts';
import {
  allowsMemberSriov,
  choose,
  topologyOf,
  unchosen,
  validateChoice,
  vnicTypeOf,
  zoneVipNetworks,
} from './flavor-selection.ts';
import { newResource, pendingUpdate } from './new-resource.ts';
import { found } from './not-found.ts';
import { quotaRules } from './quota-rules.ts';
import { createBody, parameter, queryParameters, sendText, shownFields, updateBody } from './request.ts';
import { rulesOf } from './rules.ts';
import { checkTreeSecrets } from './secrets.ts';
import { seenBy } from './seen-networks.ts';
import { statisticsResponse } from './statistics.ts';
import { statusText } from './status-tree.ts';
import { knownSubnets } from './subnets.ts';
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
/** Where the cells of a load balancer hold its project. */
const OWNER = store.SHOWN_FIELDS.indexOf('projectId');
const CHILDLESS: LoadBalancerRelations = { listenerIds: [], poolIds: [] };

async function locked(tx: Tx, id: string): Promise<LoadBalancer> {
  return found(await lockTree(tx, id), KIND, id).loadBalancer;
}

function requireState(loadBalancer: LoadBalancer, admitted: readonly LoadBalancer['provisioningStatus'][]): void {
  const { id, provisioningStatus: state } = loadBalancer;
  if (!admitted.includes(state)) throw new OctaviaError('LB_INVALID_STATE', { state, id });
}

export function loadBalancers(server: FastifyInstance, deps: ApiDependencies): void {
  const rules = rulesOf(deps.config);
  const { db } = deps.store;
  const limits = quotaRules(deps.config);
  const writer = new TreeWriter(deps.store, limits);
  const written = new RowTexts();
  // Versions are those of one server.
  deps.store.onConnection(() => written.forget());

  server.get(PATH, async (request, reply) => {
    const text = await listText(deps, request, {
      plural: 'loadbalancers',
      queryable: QUERYABLE,
      scope: visibleProjects(request, 'loadbalancer'),
      list: store.listShown,
      listVersions: store.listShownVersions,
      written,
      write: loadBalancerText,
    });
    return sendText(reply, text);
  });

  server.get(`${PATH}/:id`, async (request, reply) => {
    const cells = found(await store.shown(deps.store, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_one', JSON.parse(cells[OWNER] ?? '') as string);
    return sendText(reply, `{"loadbalancer":${loadBalancerText(cells, shownFields(request, deps))}}`);
  });

  server.get(`${PATH}/:id/stats`, async (request) => {
    const loadBalancer = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:get_stats', loadBalancer.projectId);
    return statisticsResponse(await statistics.forLoadBalancer(db, loadBalancer.id));
  });

  for (const path of [`${PATH}/:id/status`, `${PATH}/:id/statuses`]) {
    server.get(path, async (request, reply) => {
      const tree = found(await statuses(deps.store, parameter(request)), KIND, parameter(request));
      authorise(request, 'loadbalancer:get_status', JSON.parse(tree.projectId) as string);
      return sendText(reply, statusText(tree));
    });
  }

  server.post(PATH, async (request, reply) => {
    const body = createBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
    const projectId = body.projectId || request.caller.projectId;
    if (!projectId) throw new OctaviaError('MISSING_PROJECT');
    authorise(request, 'loadbalancer:post', projectId);
    if (body.vipSgIds.length > 0) authorise(request, 'loadbalancer:post:vip_sg_ids', projectId);
    const choosing = body.flavorId !== null || body.availabilityZone !== null;
    const chosen = choosing
      ? await deps.store.transaction((tx) => choose(tx, body, deps.providers))
      : unchosen(body, deps.providers);
    const { networking } = deps.config;
    const vipNetworks = zoneVipNetworks(chosen);
    const topology = topologyOf(chosen, deps.config.controller_worker.loadbalancer_topology);
    const seen = seenBy(request.caller, deps.network);
    const plan = await planVip(
      seen,
      vipNetworks ? { ...networking, valid_vip_networks: vipNetworks } : networking,
      body,
      { topology, vnicType: vnicTypeOf(chosen) },
    );
    const subnets = await knownSubnets(seen, memberSubnets(body));
    const draft: LoadBalancer = {
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
    const tree = planTree(body, draft, { ...rules, sriovMembers: allowsMemberSriov(chosen) }, subnets, deps);
    await checkTreeSecrets(deps, projectId, tree);
    const provider = deps.providers.get(chosen.providerName);
    await validateChoice(chosen, provider);
    if (draft.vip.networkId !== null) await provider.checkVipNetwork(draft.vip.networkId);
    provider.check({ loadBalancer: draft, ...tree });
    const units = unitsOf(tree);
    // What is refused anyway costs no port. It is counted with the load balancer.
    await quotas.requireRoom(db, projectId, units, limits);
    checkUnique(tree);
    const { operation, committed } = provider.accept(changeOf('create_load_balancer', draft));
    const allocated = await allocateVip(deps.network, provider, plan, draft);
    const loadBalancer = asSpelled({ ...draft, ...allocated }, body);
    const created: NewTree = { loadBalancer, ...tree, operation };
    const inOwnTransaction = () =>
      deps.store.transaction(async (tx) => {
        // They may have gone since.
        if (choosing) await choose(tx, body, deps.providers);
        await quotas.reserve(tx, projectId, units, limits);
        await insertTree(tx, created);
      });
    try {
      if (choosing || !(await writer.write(created))) await inOwnTransaction();
    } catch (error) {
      // Written with others after all: only the answer was lost.
      if (!isThere(error)) {
        await withdrawVip(request, loadBalancer, error);
        throw error;
      }
    }
    committed?.();
    return reply
      .code(201)
      .send({ loadbalancer: { ...loadBalancerResponse(loadBalancer, CHILDLESS), ...treeResponse(tree) } });
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

  /** Before the transaction: a network driver may need a database connection of its own. */
  async function checkVipChange(
    request: FastifyRequest,
    { qosPolicyId, securityGroupIds }: Pick<PortChanges, 'qosPolicyId' | 'securityGroupIds'>,
  ): Promise<void> {
    const { projectId, vip } = found(await store.get(db, parameter(request)), KIND, parameter(request));
    authorise(request, 'loadbalancer:put', projectId);
    if (securityGroupIds) authorise(request, 'loadbalancer:put:vip_sg_ids', projectId);
    if (qosPolicyId !== undefined) await checkQosPolicy(deps.network, qosPolicyId);
    if (securityGroupIds) await checkSecurityGroups(deps.network, securityGroupIds, vip.vnicType);
  }

  server.put(`${PATH}/:id`, async (request) => {
    const { vipQosPolicyId, vipSgIds, ...change } = updateBody(request, LOAD_BALANCER, LOAD_BALANCER_ENVELOPE);
    const vipChange = {
      ...(vipQosPolicyId === undefined ? {} : { qosPolicyId: vipQosPolicyId }),
      ...(vipSgIds === undefined ? {} : { securityGroupIds: vipSgIds }),
    };
    const changesVip = Object.keys(vipChange).length > 0;
    if (changesVip) await checkVipChange(request, vipChange);
    const result = await deps.store.transaction(async (tx) => {
      const current = await locked(tx, parameter(request));
      authorise(request, 'loadbalancer:put', current.projectId);
      for (const { allowedCidrs } of vipSgIds ? await listeners.byLoadBalancer(tx, current.id) : []) {
        checkCidrsBesideGroups(allowedCidrs, vipSgIds ?? []);
      }
      const vip = changesVip ? { vip: { ...current.vip, ...vipChange } } : {};
      const written = pendingUpdate(deps, { ...change, ...vip });
      const updated: LoadBalancer = { ...current, ...written };
      const provider = deps.providers.get(current.provider);
      provider.check({ loadBalancer: updated });
      requireState(current, ['ACTIVE']);
      await store.update(tx, current.id, written);
      await provider.submit(tx, changeOf('update_load_balancer', updated));
      return { updated, relations: (await store.childIds(tx, [current.id])).get(current.id) ?? CHILDLESS };
    });
    return { loadbalancer: loadBalancerResponse(result.updated, result.relations) };
  });

  server.put(`${PATH}/:id/failover`, async (request, reply) => {
    await deps.store.transaction(async (tx) => {
      const loadBalancer = await locked(tx, parameter(request));
      authorise(request, 'loadbalancer:put_failover', loadBalancer.projectId);
      const provider = deps.providers.get(loadBalancer.provider);
      requireState(loadBalancer, ['ACTIVE', 'ERROR']);
      await store.update(tx, loadBalancer.id, { provisioningStatus: 'PENDING_UPDATE' });
      await provider.submit(tx, changeOf('failover_load_balancer', loadBalancer));
    });
    return reply.code(202).send();
  });

  server.delete(`${PATH}/:id`, async (request, reply) => {
    const cascade = isTrueish(queryParameters(request).get('cascade') ?? '');
    await deps.store.transaction(async (tx) => {
      const loadBalancer = await locked(tx, parameter(request));
      const { id } = loadBalancer;
      authorise(request, 'loadbalancer:delete', loadBalancer.projectId);
      const { listenerIds, poolIds } = (await store.childIds(tx, [id])).get(id) ?? CHILDLESS;
      if (!cascade && listenerIds.length + poolIds.length > 0) {
        throw refusal(`Cannot delete Load Balancer ${id} - it has children`);
      }
      const provider = deps.providers.get(loadBalancer.provider);
      requireState(loadBalancer, ['ACTIVE', 'ERROR']);
      await store.update(tx, id, { provisioningStatus: 'PENDING_DELETE' });
      await provider.submit(tx, { ...changeOf('delete_load_balancer', loadBalancer), input: { cascade } });
    });
    return reply.code(204).send();
  });
}

/** What is built depends on the topology, which a flow knows from its operation alone. */
function changeOf(
  kind: 'create_load_balancer' | 'update_load_balancer' | 'delete_load_balancer' | 'failover_load_balancer',
  { id, projectId, topology }: LoadBalancer,
) {
  const input = kind === 'create_load_balancer' || kind === 'failover_load_balancer' ? { topology } : {};
  return { kind, loadBalancerId: id, projectId, resourceType: 'load_balancer' as const, resourceId: id, input };
}
