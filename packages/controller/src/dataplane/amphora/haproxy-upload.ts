/**
 * Sends a configuration to an amphora. What HAProxy refuses of one listener concerns this listener alone: it goes on with
 * what it had in force. Where it had nothing, as on a new amphora, what never was in force is left out, and the listener
 * as a whole when that does not help. Everything else takes effect.
 */
import type { L7Policy, L7Rule, Listener, LoadBalancerTree, Resource } from '../../domain/resources.ts';
import { servedPolicies, servedPools } from '../../domain/serving.ts';
import { OctaviaError } from '../../errors.ts';
import { formerSections, writeWithFormer } from '../haproxy/former-sections.ts';
import { refusedListeners } from '../haproxy/refusals.ts';
import type { RenderedConfig } from '../haproxy/render.ts';
import type { UnusableListener } from '../interface.ts';
import { refusalWords } from './answers.ts';
import type { AgentAnswer } from './failure.ts';

/* What HAProxy has refused from its beginning, so that no amphora ever had it in force. */

/**
 * The tree without the listener's policies and rules that were never in force: where they are left out the listener does
 * what it always did. One that is ONLINE was in force as something else before it was changed, and stays: nothing but taking
 * effect makes it ONLINE, and a refusal leaves that as it is.
 *
 * @returns null when there are none
 */
function withoutNeverApplied(tree: LoadBalancerTree, listenerId: string): LoadBalancerTree | null {
  const never = ({ operatingStatus, statusCode }: L7Policy | L7Rule): boolean =>
    operatingStatus === 'OFFLINE' && statusCode === 'CONFIGURATION_REFUSED';
  const own = new Set(tree.l7policies.filter((policy) => policy.listenerId === listenerId).map(({ id }) => id));
  const l7policies = tree.l7policies.filter((policy) => !own.has(policy.id) || !never(policy));
  const l7rules = tree.l7rules.filter((rule) => !own.has(rule.l7policyId) || !never(rule));
  const found = tree.l7policies.length + tree.l7rules.length - l7policies.length - l7rules.length;
  return found === 0 ? null : { ...tree, l7policies, l7rules };
}

export interface Uploading {
  render(tree: LoadBalancerTree): RenderedConfig;
  /** Gives back a 400 too. */
  send(text: string): Promise<AgentAnswer>;
  /** The configuration that the amphora has; empty when it has none. */
  inForce(): Promise<string>;
  /** The refusal of a configuration that no listener is to blame for. */
  refusal(answer: AgentAnswer): OctaviaError;
  basePath: string;
}

export interface HaproxyUpload {
  /** Null: nothing is left to serve, and nothing was sent. */
  answer: AgentAnswer | null;
  refused: UnusableListener[];
}

const isBroken = ({ provisioningStatus }: Resource): boolean => provisioningStatus === 'ERROR';

/** Whether something about the listener, or below it, was in ERROR before this change. A row that waits keeps its failure. */
function wasBroken(tree: LoadBalancerTree, listener: Listener): boolean {
  if (isBroken(listener) || listener.statusCode !== null) return true;
  const pools = servedPools(tree, listener);
  const used = new Set(pools.map(({ id }) => id));
  const policies = servedPolicies(tree, listener);
  return [
    ...pools,
    ...[...tree.members, ...tree.healthMonitors].filter(({ poolId }) => used.has(poolId)),
    ...policies.map(({ policy }) => policy),
    ...policies.flatMap(({ rules }) => rules),
  ].some(isBroken);
}

/**
 * Whether the refused is what is being changed. Such a change fails as a whole, and its object is in ERROR. The first
 * configuration of a load balancer is no such change: everything in it waits.
 */
function isOfThisChange(tree: LoadBalancerTree, listener: Listener): boolean {
  const waits = listener.provisioningStatus.startsWith('PENDING_');
  return waits && tree.loadBalancer.provisioningStatus !== 'PENDING_CREATE' && !wasBroken(tree, listener);
}

/** @throws OctaviaError CONFIGURATION_REFUSED for a listener that is being changed */
export async function uploadServable(tree: LoadBalancerTree, uploading: Uploading): Promise<HaproxyUpload> {
  const reasons = new Map<string, string>();
  const kept = new Map<string, string>();
  const leftOut = new Set<string>();
  const lightened = new Set<string>();
  let wanted = tree;
  const ended = (answer: AgentAnswer | null): HaproxyUpload => ({
    answer,
    refused: [...reasons].map(([listenerId, reason]) => ({
      listenerId,
      reason,
      code: 'CONFIGURATION_REFUSED' as const,
    })),
  });
  // Every round keeps, lightens or leaves out one listener more.
  for (;;) {
    const config = uploading.render({ ...wanted, listeners: tree.listeners.filter(({ id }) => !leftOut.has(id)) });
    if (!config.serves) return ended(null);
    const { text, listeners } = writeWithFormer(config, kept);
    const answer = await uploading.send(text);
    if (answer.status !== 400) return ended(answer);
    const refused = refusedListeners(listeners, refusalWords(answer), uploading.basePath);
    if (refused.size === 0) throw uploading.refusal(answer);
    const inForce = await uploading.inForce();
    for (const [id, detail] of refused) {
      const error = new OctaviaError('CONFIGURATION_REFUSED', { id, detail });
      const listener = tree.listeners.find((candidate) => candidate.id === id);
      if (listener !== undefined && isOfThisChange(tree, listener)) throw error;
      if (!reasons.has(id)) reasons.set(id, error.message);
      const former = kept.has(id) ? null : formerSections(inForce, id);
      kept.delete(id);
      if (former !== null) {
        kept.set(id, former);
        continue;
      }
      const lighter = lightened.has(id) ? null : withoutNeverApplied(wanted, id);
      if (lighter === null) leftOut.add(id);
      else wanted = lighter;
      lightened.add(id);
    }
  }
}
