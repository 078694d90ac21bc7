/** A new load balancer, alone or fully populated: judged without a lock, and written by one statement. */
import type { FastifyRequest } from 'fastify';
import type { SecretReader } from '../../clouds/certificates/manager.ts';
import type { LoadBalancer } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';
import type { Tx } from '../../store/core/database.ts';
import { isDatabaseUnavailable } from '../../store/core/unavailable.ts';
import { type Children, insertTree, isThere, type NewTree, objectsOf } from '../../store/resources/new-trees.ts';
import * as quotas from '../../store/resources/quotas.ts';
import {
  type LoadBalancerCreate,
  type LoadBalancerRelations,
  loadBalancerResponse,
} from '../attributes/load-balancer.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ChangeRoute, Draft, Target } from './change.ts';
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
import { newResource } from './new-resource.ts';
import { quotaRules } from './quota-rules.ts';
import { rulesOf } from './rules.ts';
import { checkTreeSecrets, readerOf } from './secrets.ts';
import { type SeenNetworks, seenBy } from './seen-networks.ts';
import { askAhead, knownSubnets } from './subnets.ts';
import { checkUnique, memberSubnets, planTree } from './tree-create.ts';
import { treeResponse } from './tree-response.ts';
import { TreeWriter } from './tree-writer.ts';
import { allocateVip, asSpelled, expectedAddresses, planVip, type VipPlan } from './vip.ts';

export const CHILDLESS: LoadBalancerRelations = { listenerIds: [], poolIds: [] };

/** A create that was read. */
export interface AskedCreate {
  body: LoadBalancerCreate;
  projectId: string;
  seen: SeenNetworks;
  /** Of what the tree refers to. */
  reader: SecretReader;
  /** What is to stand below it, where that is not told as in a fully populated create. */
  below?: {
    memberSubnets: readonly (string | null)[];
    /** @throws OctaviaError, never 409 */
    plan(loadBalancer: LoadBalancer, sriovMembers: boolean, knownSubnets: ReadonlySet<string>): Children;
  };
  /** Begins the transaction that writes it; whatever it throws leaves nothing behind. */
  first?(tx: Tx): Promise<void>;
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

/** @throws OctaviaError MISSING_PROJECT */
export function askedCreate(request: FastifyRequest, deps: ApiDependencies, body: LoadBalancerCreate): AskedCreate {
  const projectId = body.projectId || request.caller.projectId;
  if (!projectId) throw new OctaviaError('MISSING_PROJECT');
  return {
    body,
    projectId,
    seen: seenBy(request, deps.network),
    reader: readerOf(deps, request, projectId),
  };
}

type Creation = Omit<ChangeRoute<AskedCreate, Target, Target, CreateDraft>, 'method' | 'url' | 'status' | 'parse'>;

/** What a create is, whichever request asks for it. */
export function creation(deps: ApiDependencies): Creation {
  const rules = rulesOf(deps.config);
  const writer = new TreeWriter(deps.store, quotaRules(deps));

  return {
    kind: 'create_load_balancer',
    resourceType: 'load_balancer',
    rule: 'loadbalancer:post',
    alsoNeeds: ({ body }) => (body.vipSgIds.length > 0 ? ['loadbalancer:post:vip_sg_ids'] : []),
    async valid(_executor, { projectId }, { body, seen, reader, below }) {
      const chosen = chooses(body)
        ? await deps.store.transaction((tx) => choose(tx, body, deps.providers))
        : unchosen(body, deps.providers);
      const { networking } = deps.config;
      const vipNetworks = zoneVipNetworks(chosen);
      const topology = topologyOf(chosen, deps.config.controller_worker.loadbalancer_topology);
      askAhead(seen, below?.memberSubnets ?? memberSubnets(body));
      const plan = await planVip(
        seen,
        vipNetworks ? { ...networking, valid_vip_networks: vipNetworks } : networking,
        body,
        { topology, vnicType: vnicTypeOf(chosen) },
      );
      const subnets = await knownSubnets(seen, below?.memberSubnets ?? memberSubnets(body));
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
        ...(await draftVip(seen, plan)),
      };
      const sriovMembers = allowsMemberSriov(chosen);
      const tree = below
        ? below.plan(loadBalancer, sriovMembers, subnets)
        : planTree(body, loadBalancer, { ...rules, sriovMembers }, subnets, deps);
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
      async write({ request, asked: { body, first }, provider, change, draft, operation, units, limits }) {
        const allocated = await allocateVip(deps.network, provider, draft.plan, draft.loadBalancer);
        const loadBalancer = asSpelled({ ...draft.loadBalancer, ...allocated }, body);
        const created: NewTree = { loadBalancer, ...draft.tree, operation };
        const { projectId } = loadBalancer;
        const inOwnTransaction = () =>
          deps.store.transaction(async (tx) => {
            await first?.(tx);
            // They may have gone since.
            if (chooses(body)) await choose(tx, body, deps.providers);
            await quotas.reserve(tx, projectId, units, limits);
            await insertTree(tx, created);
            if (provider.delivers) await provider.submit(tx, change);
          });
        try {
          const isAlone = first || chooses(body) || provider.delivers;
          if (isAlone || !(await writer.write(created))) await inOwnTransaction();
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
  };

  /**
   * Removes the port of a load balancer that was refused. While nobody can tell whether it was written the port stays; when
   * it was not, housekeeping finds the port.
   */
  async function withdrawVip({ log }: FastifyRequest, { id, vip }: LoadBalancer, refused: unknown): Promise<void> {
    if (vip.portId === null || !vip.portOwned || isDatabaseUnavailable(refused)) return;
    try {
      await deps.network.deletePort(vip.portId, { hurry: true });
    } catch (error) {
      log.warn({ port: vip.portId, loadBalancer: id, err: error }, 'Could not remove the port of a refused VIP');
    }
  }

  /** Addresses of the right IP version stand in until the port exists. */
  async function draftVip(seen: SeenNetworks, plan: VipPlan): Promise<Pick<LoadBalancer, 'vip' | 'additionalVips'>> {
    const [address, ...others] = await expectedAddresses(seen, plan);
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
}
