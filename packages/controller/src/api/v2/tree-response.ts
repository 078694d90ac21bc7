/** The answer to a fully populated create: everything in full, where it stands in the request. */
import type { Listener, Pool } from '../../domain/resources.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import { healthMonitorResponse } from '../attributes/health-monitor.ts';
import { l7policyResponse } from '../attributes/l7-policy.ts';
import { l7ruleResponse } from '../attributes/l7-rule.ts';
import { listenerResponse } from '../attributes/listener.ts';
import { memberResponse } from '../attributes/member.ts';
import { poolResponse } from '../attributes/pool.ts';

/** Listeners that send to the pool. */
function listenersOf(tree: Children, pool: Pool): string[] {
  const redirecting = tree.l7policies.filter((policy) => policy.redirectPoolId === pool.id);
  const through = new Set(redirecting.map((policy) => policy.listenerId));
  return tree.listeners
    .filter(({ id, defaultPoolId }) => defaultPoolId === pool.id || through.has(id))
    .map(({ id }) => id);
}

function policiesResponse(tree: Children, listener: Listener): object[] {
  return tree.l7policies
    .filter((policy) => policy.listenerId === listener.id)
    .sort((a, b) => a.position - b.position)
    .map((policy) => {
      const own = tree.l7rules.filter((rule) => rule.l7policyId === policy.id);
      return { ...l7policyResponse(policy, { ruleIds: [] }), rules: own.map((rule) => l7ruleResponse(rule, null)) };
    });
}

export function treeResponse(tree: Children): { listeners: object[]; pools: object[] } {
  return {
    listeners: tree.listeners.map((listener) => {
      const { loadbalancers: _, ...shown } = listenerResponse(listener, { l7policyIds: [] });
      return { ...shown, l7policies: policiesResponse(tree, listener) };
    }),
    pools: tree.pools.map((pool) => {
      const own = tree.members.filter((member) => member.poolId === pool.id);
      const monitor = tree.healthMonitors.find((candidate) => candidate.poolId === pool.id);
      const { loadbalancers: _, ...shown } = poolResponse(pool, {
        listenerIds: listenersOf(tree, pool),
        memberIds: [],
        healthMonitorId: monitor?.id ?? null,
      });
      return {
        ...shown,
        members: own.map((member) => memberResponse(member, null)),
        healthmonitor: monitor ? healthMonitorResponse(monitor, null) : null,
      };
    }),
  };
}
