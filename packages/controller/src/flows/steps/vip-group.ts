/**
 * The security group of a load balancer, where the network service filters ports by groups. It is compared with what is wished
 * each time, so nobody has to know what a worker that died has changed of it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Port } from '../../clouds/network/interface.ts';
import type { LoadBalancer, LoadBalancerTree } from '../../domain/resources.ts';
import { type GroupRule, vipGroupRules } from '../../domain/vip-group.ts';
import type { Step, StepContext } from '../flow.ts';
import { amphoraeOf, loadTree } from './load-tree.ts';
import { vrrpPortName } from './port-names.ts';

/** The group with these rules. One that was not there is given to the ports that are. @returns its id; null: there are no groups */
async function applied(
  context: StepContext,
  tree: LoadBalancerTree,
  rules: readonly GroupRule[],
): Promise<string | null> {
  const group = (await context.network.applyVipGroup?.(tree.loadBalancer.id, rules)) ?? null;
  if (group?.made) await giveToPorts(context, tree.loadBalancer, group.id);
  return group?.id ?? null;
}

/** What the ports of the VIP and of amphorae have: the load balancer's own group, where there are such, and the user's. */
export async function groupsOf(context: StepContext, { id, vip }: LoadBalancer): Promise<string[]> {
  // Functions of a network card (SR-IOV) are not filtered.
  if (vip.vnicType === 'direct') return [];
  const { network } = context;
  const found = (await network.findVipGroup?.(id)) ?? null;
  const own = found ?? (network.applyVipGroup ? await ensured(context) : null);
  return [...(own === null ? [] : [own]), ...vip.securityGroupIds];
}

async function ensured(context: StepContext): Promise<string | null> {
  const tree = await loadTree(context);
  return applied(context, tree, vipGroupRules(tree));
}

const sameSet = (some: readonly string[], others: readonly string[]): boolean =>
  isDeepStrictEqual([...some].sort(), [...others].sort());

/** A port that the user brought keeps the groups it has. */
export function wantedGroups({ vip }: LoadBalancer, port: Port, groups: readonly string[]): string[] {
  const kept = port.id === vip.portId && !vip.portOwned ? port.securityGroupIds : [];
  return [...new Set([...groups, ...kept])];
}

async function giveToPorts(context: StepContext, loadBalancer: LoadBalancer, group: string): Promise<number> {
  const { network } = context;
  const { vip } = loadBalancer;
  if (vip.vnicType === 'direct') return 0;
  const groups = [group, ...vip.securityGroupIds];
  const ofAmphorae = (await amphoraeOf(context)).map(async ({ id, vrrpPortId }) =>
    vrrpPortId === null ? [] : network.listPorts(vrrpPortName(id)),
  );
  const [own, ports] = await Promise.all([vip.portId ? network.getPort(vip.portId) : null, Promise.all(ofAmphorae)]);
  const different = [...(own === null ? [] : [own]), ...ports.flat()].filter(
    (port) => !sameSet(port.securityGroupIds, wantedGroups(loadBalancer, port, groups)),
  );
  await Promise.all(
    different.map((port) =>
      network.updatePort(port.id, { securityGroupIds: wantedGroups(loadBalancer, port, groups) }),
    ),
  );
  return different.length;
}

/** The group as the load balancer wants it, at all its ports. @returns how many lacked it; null: there are no groups */
export async function secureVip(context: StepContext): Promise<number | null> {
  if (!context.network.applyVipGroup) return null;
  const tree = await loadTree(context);
  const group = await context.network.applyVipGroup(tree.loadBalancer.id, vipGroupRules(tree));
  return group === null ? null : giveToPorts(context, tree.loadBalancer, group.id);
}

/** While the amphorae of a new load balancer boot. */
export const applyVipGroup: Step = {
  name: 'apply security group of the VIP',
  async run(context) {
    const changed = await secureVip(context);
    return changed === null ? 'no groups here' : undefined;
  },
};

/** Changes of these bring listeners into force. */
const OF_LISTENERS = /^(create|update|delete)_listener$|^update_load_balancer$/;

/**
 * Tells amphorae of a change while the group lets in both what was and what comes. Changes of members, pools, monitors and
 * policies open and close no port: for them nobody is asked. @param also what failed earlier comes into force, too
 */
export async function whileGroupOpen<T>(
  context: StepContext,
  tree: LoadBalancerTree,
  also: boolean,
  tell: () => Promise<T>,
): Promise<T> {
  if (!context.network.applyVipGroup || !(also || OF_LISTENERS.test(context.operation.kind))) return tell();
  const meanwhile = vipGroupRules(tree, { leaving: true });
  const afterwards = vipGroupRules(tree);
  await applied(context, tree, meanwhile);
  const outcome = await tell();
  if (!isDeepStrictEqual(meanwhile, afterwards)) await applied(context, tree, afterwards);
  return outcome;
}
