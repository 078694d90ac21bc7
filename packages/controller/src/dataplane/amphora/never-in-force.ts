/** What HAProxy has refused from its beginning, so that no amphora ever had it in force. */
import type { L7Policy, L7Rule, LoadBalancerTree } from '../../domain/resources.ts';

/**
 * The tree without the listener's policies and rules that were never in force: where they are left out the listener does
 * what it always did. One that is ONLINE was in force as something else before it was changed, and stays: nothing but taking
 * effect makes it ONLINE, and a refusal leaves that as it is.
 *
 * @returns null when there are none
 */
export function withoutNeverApplied(tree: LoadBalancerTree, listenerId: string): LoadBalancerTree | null {
  const never = ({ operatingStatus, statusCode }: L7Policy | L7Rule): boolean =>
    operatingStatus === 'OFFLINE' && statusCode === 'CONFIGURATION_REFUSED';
  const own = new Set(tree.l7policies.filter((policy) => policy.listenerId === listenerId).map(({ id }) => id));
  const l7policies = tree.l7policies.filter((policy) => !own.has(policy.id) || !never(policy));
  const l7rules = tree.l7rules.filter((rule) => !own.has(rule.l7policyId) || !never(rule));
  const found = tree.l7policies.length + tree.l7rules.length - l7policies.length - l7rules.length;
  return found === 0 ? null : { ...tree, l7policies, l7rules };
}
