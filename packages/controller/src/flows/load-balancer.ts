import type { Operation } from '../domain/operations.ts';
import type { AmphoraRole, Topology } from '../domain/statuses.ts';
import { OctaviaError } from '../errors.ts';
import * as serverGroups from '../store/resources/server-groups.ts';
import type { Flow, FlowPart, Step, StepContext } from './flow.ts';
import { applyConfiguration, configureAll, configureNew, forgetReplaced } from './steps/apply-configuration.ts';
import { amphoraIdOf, bootAmphora, takeIntoService } from './steps/build-amphora.ts';
import { loadBalancerOf } from './steps/load-tree.ts';
import { plugMemberNetworks, plugMemberNetworksInto } from './steps/plug-member-networks.ts';
import { plugVip, readyVip } from './steps/plug-vip.ts';
import { serverGroupName } from './steps/port-names.ts';
import { removeAmphorae } from './steps/remove-amphora.ts';
import { chooseFirst, fenceOld, handOverVip, removeFirst, removeRest, replacementIds } from './steps/replace.ts';
import { waitUntilPassable } from './steps/until-passable.ts';
import { applyVipGroup } from './steps/vip-group.ts';
import { applyPortPolicies, checkVipPort, releaseVip } from './steps/vip-port.ts';
import { applyVrrpToAll } from './steps/vrrp.ts';
import { flow } from './version.ts';

/** The amphorae of a load balancer run on different hosts, where the operator wants it and the cloud can. */
const createServerGroup: Step = {
  name: 'create server group',
  async run({ store, compute, options, operation }) {
    if (options.antiAffinity === null || !compute.createServerGroup) return 'not wanted';
    const id = await compute.createServerGroup(serverGroupName(operation.loadBalancerId), options.antiAffinity);
    await serverGroups.set(store.db, operation.loadBalancerId, id);
    return undefined;
  },
  undo: deleteGroup,
};

const deleteServerGroup: Step = {
  name: 'delete server group',
  async run(context) {
    await deleteGroup(context);
    return undefined;
  },
};

async function deleteGroup(context: StepContext): Promise<void> {
  const { store, compute, operation } = context;
  const recorded = await serverGroups.get(store.db, operation.loadBalancerId);
  for (const id of recorded === null ? await unrecordedGroups(context) : [recorded]) {
    await compute.deleteServerGroup?.(id);
  }
  if (recorded !== null) await serverGroups.set(store.db, operation.loadBalancerId, null);
}

/** Made for a worker that never heard that it was. */
async function unrecordedGroups(context: StepContext): Promise<string[]> {
  const { compute, options } = context;
  if (options.antiAffinity === null || (await loadBalancerOf(context)).topology !== 'ACTIVE_STANDBY') return [];
  const name = serverGroupName(context.operation.loadBalancerId);
  const groups = (await compute.serverGroups?.(name)) ?? [];
  return groups.map(({ id }) => id);
}

/** Operations of a load balancer without amphorae that say nothing are for one amphora. @throws OctaviaError */
function topologyOf({ id, input }: Operation): Topology {
  const { topology = 'SINGLE' } = input;
  if (topology === 'SINGLE' || topology === 'ACTIVE_STANDBY') return topology;
  throw new OctaviaError('OPERATION_ABANDONED', { id, detail: `Invalid topology specified: ${String(topology)}` });
}

/** Both amphorae are built beside each other, and the security group meanwhile. */
function create(operation: Operation): FlowPart[] {
  const isPair = topologyOf(operation) === 'ACTIVE_STANDBY';
  const roles: AmphoraRole[] = isPair ? ['MASTER', 'BACKUP'] : ['STANDALONE'];
  const amphorae = roles.map((role, index) => ({ id: amphoraIdOf(operation, index), role }));
  const boot = amphorae.map(({ id, role }) => bootAmphora({ id, role, purpose: 'create' }));
  const plug = amphorae.map(({ id }) => [plugVip(id, 'ALLOCATED')]);
  const build: FlowPart[] = [
    ...(isPair ? [createServerGroup] : []),
    { name: isPair ? 'build both amphorae' : 'build the amphora', parallel: [...boot, [applyVipGroup]] },
    ...(isPair ? [{ name: 'plug VIP into both', parallel: plug }] : plug.flat()),
  ];
  const ids = [amphoraIdOf(operation, 0), amphoraIdOf(operation, 1)];
  const vrrp = isPair ? [applyVrrpToAll(ids)] : [];
  return [...build, plugMemberNetworks, configureAll(ids), ...vrrp];
}

/** A replacement with everything but the VIP and a place in service. */
const replacement = (id: string, role: AmphoraRole): Step[] => [
  ...bootAmphora({ id, role, purpose: 'failover' }),
  plugMemberNetworksInto(id),
];

function failover(operation: Operation): FlowPart[] {
  const [first, second] = replacementIds(operation);
  if (topologyOf(operation) === 'SINGLE') {
    return [
      checkVipPort,
      chooseFirst(1),
      ...replacement(first, 'STANDALONE'),
      readyVip(first),
      waitUntilPassable(first),
      configureNew(first),
      fenceOld(first),
      plugVip(first),
      takeIntoService(first),
      removeRest,
      forgetReplaced,
    ];
  }
  return [
    checkVipPort,
    chooseFirst(2),
    ...replacement(first, 'BACKUP'),
    plugVip(first),
    waitUntilPassable(first),
    configureNew(first),
    takeIntoService(first),
    removeFirst,
    handOverVip(first),
    ...replacement(second, 'MASTER'),
    plugVip(second),
    waitUntilPassable(second),
    configureNew(second),
    takeIntoService(second),
    removeRest,
    configureAll([first, second]),
    applyVrrpToAll([first, second]),
  ];
}

export const loadBalancerFlows: Flow[] = [
  {
    ...flow(
      'create_load_balancer',
      'Builds one amphora, or two beside each other, and gives them their configuration.',
      create,
    ),
    announces: 'create',
  },
  {
    ...flow('update_load_balancer', 'Makes the changed attributes the running configuration.', () => [
      applyPortPolicies,
      applyConfiguration,
    ]),
    announces: 'update',
  },
  {
    ...flow(
      'delete_load_balancer',
      'Removes the amphorae, the VIP port if the service made it, and everything below the load balancer.',
      // Until nothing else can fail the address stays taken: a delete that fails leaves a load balancer that can be repaired.
      () => [removeAmphorae, deleteServerGroup, releaseVip],
    ),
    announces: 'delete',
  },
  flow(
    'failover_load_balancer',
    'Replaces every amphora, one after the other; each replacement is in service before the old one goes.',
    failover,
  ),
];
