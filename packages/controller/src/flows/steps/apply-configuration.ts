import { isDeepStrictEqual } from 'node:util';
import type { NetworkDriver } from '../../clouds/network/interface.ts';
import type { ApplyOutcome } from '../../dataplane/interface.ts';
import { ingressRules } from '../../domain/ingress.ts';
import type { Amphora, LoadBalancerTree } from '../../domain/resources.ts';
import { breakListener, markPending, restoreErrorBelow } from '../../status/under-way.ts';
import type { Step, StepContext } from '../flow.ts';
import { ifAlive } from './best-effort.ts';
import { failedChangesOf, fulfil } from './failed-changes.ts';
import { amphoraOf, isServing, loadTree, withPeers } from './load-tree.ts';
import { keepsSessions, learnSessions, predecessorsOf } from './sessions.ts';
import { whileGroupOpen } from './vip-group.ts';

/**
 * A listener the data plane had to do without is in ERROR, and stays so when the operation succeeds. So do the policies and
 * rules that it was refused for: the code they keep tells the next new amphora what to leave out.
 */
async function markBroken({ store, operation }: StepContext, { unusable = [] }: ApplyOutcome): Promise<void> {
  for (const { listenerId, reason, code } of unusable) {
    await breakListener(store.db, listenerId, { reason, code, operationId: null });
    // Of other operations what waits is being changed: its former failure says nothing of what it is now.
    if (operation.kind.startsWith('failover_')) await restoreErrorBelow(store.db, listenerId, 'CONFIGURATION_REFUSED');
  }
}

/** Tells an amphora of a change while its VIP port lets in both what was and what comes: nothing is lost on the way. */
export async function whileOpen<T>(
  { network }: { network: Pick<NetworkDriver, 'restrictIngress'> },
  amphora: Amphora,
  tree: LoadBalancerTree,
  tell: () => Promise<T>,
): Promise<T> {
  const { vrrpPortId } = amphora;
  if (vrrpPortId === null || !network.restrictIngress) return tell();
  const meanwhile = ingressRules(tree, amphora, { leaving: true });
  const afterwards = ingressRules(tree, amphora);
  await network.restrictIngress(vrrpPortId, meanwhile);
  const outcome = await tell();
  if (!isDeepStrictEqual(meanwhile, afterwards)) await network.restrictIngress(vrrpPortId, afterwards);
  return outcome;
}

async function apply(
  context: StepContext,
  amphora: Amphora,
  tree: LoadBalancerTree,
  timeoutMs?: number,
): Promise<ApplyOutcome> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const outcome = await whileOpen(context, amphora, tree, () => context.dataplane.apply(amphora, tree, limit));
  await markBroken(context, outcome);
  return outcome;
}

/** Makes the desired state the running configuration of every amphora that serves the load balancer. */
export const applyConfiguration: Step = {
  name: 'apply configuration',
  async run(context) {
    const tree = await loadTree(context);
    // Every change brings all listeners into force: those it cannot are in ERROR again.
    const failedChanges = await failedChangesOf(context, tree);
    const broken = tree.listeners.filter(({ provisioningStatus }) => provisioningStatus === 'ERROR');
    await markPending(
      context.store.db,
      broken.map(({ id }) => ({ table: 'listener', id })),
    );
    const serving = tree.amphorae.filter(isServing);
    const shared = withPeers(tree, serving);
    const outcomes = await whileGroupOpen(context, tree, failedChanges.length > 0, () =>
      Promise.all(serving.map((amphora) => apply(context, amphora, shared, context.remainingMs()))),
    );
    const without = outcomes.flatMap(({ unusable = [] }) => unusable.map(({ listenerId }) => listenerId));
    await fulfil(context, tree, failedChanges, new Set(without));
    return outcomes.map(({ method }) => method).join(', ');
  },
};

/**
 * The first configuration of an amphora that is not in service yet. Where sessions are kept in tables, those that know them
 * are told of it first, and then it learns them: they are to be there when it takes over.
 */
export function configureNew(id: string): Step {
  return {
    name: `apply configuration to ${id}`,
    async run(context) {
      const tree = await loadTree(context);
      const amphora = await amphoraOf(context, id);
      if (!keepsSessions(tree)) {
        const pair = tree.loadBalancer.topology === 'ACTIVE_STANDBY';
        const others = pair ? tree.amphorae.filter((other) => other.id !== id && isServing(other)) : [];
        return (await apply(context, amphora, withPeers(tree, [...others, amphora]))).method;
      }
      const others = predecessorsOf(id, tree.amphorae);
      const shared = withPeers(tree, [...others, amphora]);
      const told = await Promise.all(
        others.map(async (other) => ((await applyIfAlive(context, other, shared)) === null ? [] : [other])),
      );
      const { method } = await apply(context, amphora, withPeers(tree, [...told.flat(), amphora]));
      return told.flat().length === 0 ? method : `${method}, ${await learnSessions(context, amphora)}`;
    },
  };
}

const applyIfAlive = (context: StepContext, amphora: Amphora, tree: LoadBalancerTree): Promise<ApplyOutcome | null> =>
  ifAlive(context, amphora, 'Configuration', ({ timeoutMs }) => apply(context, amphora, tree, timeoutMs));

/** New amphorae must take the configuration; an old one may be dead. */
export function configureAll(newIds: string[]): Step {
  return {
    name: 'apply configuration to all amphorae',
    async run(context) {
      const tree = await loadTree(context);
      const serving = tree.amphorae.filter(isServing);
      const shared = withPeers(tree, serving);
      const methods = await Promise.all(
        serving.map(async (amphora) => {
          if (newIds.includes(amphora.id)) return (await apply(context, amphora, shared)).method;
          return (await applyIfAlive(context, amphora, shared))?.method ?? 'unreachable';
        }),
      );
      return methods.join(', ');
    },
  };
}

/** The successor of a single amphora is told that it is alone: what it replaced was its peer while it learned. */
export const forgetReplaced: Step = {
  name: 'forget what was replaced',
  async run(context) {
    return keepsSessions(await loadTree(context)) ? configureAll([]).run(context) : 'nothing to forget';
  },
};
