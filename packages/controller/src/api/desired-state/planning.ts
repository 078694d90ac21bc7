/**
 * From the document and what there is to what has to change. The same rules as those of single requests and of a fully
 * populated create decide what is valid; nothing is written here.
 */
import type { L7Policy, L7Rule, Listener, LoadBalancer, Pool } from '../../domain/resources.ts';
import type { ChildKind } from '../../domain/status-transitions.ts';
import { newMemberStatus } from '../../domain/status-transitions.ts';
import { settleHealthMonitor } from '../../domain/validation/health-monitor.ts';
import { settleL7Policy } from '../../domain/validation/l7-policy.ts';
import { settleL7Rule } from '../../domain/validation/l7-rule.ts';
import { checkCidrsBesideGroups, settleListener } from '../../domain/validation/listener.ts';
import { checkEndpointFree, checkMemberAddresses, endpoint, settleMember } from '../../domain/validation/member.ts';
import { settlePool } from '../../domain/validation/pool.ts';
import { checkPoolFitsListener, layer4 } from '../../domain/validation/protocols.ts';
import { refusal } from '../../domain/validation/refuse.ts';
import { OctaviaError } from '../../errors.ts';
import type { Children } from '../../store/resources/new-trees.ts';
import {
  type DesiredListener,
  type DesiredLoadBalancer,
  type DesiredPolicy,
  type DesiredPool,
  located,
} from '../attributes/desired-state.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { checkListenerCiphers, checkPoolCiphers } from '../v2/ciphers.ts';
import { vipAddresses } from '../v2/listeners.ts';
import { newResource } from '../v2/new-resource.ts';
import type { Rules } from '../v2/rules.ts';
import { requireSubnet } from '../v2/subnets.ts';
import { inSequence } from '../v2/tree-create.ts';
import { fieldChanges } from './attributes.ts';
import { matched } from './match.ts';
import { type Kinds, Plan } from './plan.ts';

export interface Context {
  rules: Rules;
  /** Whether the flavor allows SR-IOV ports to members. */
  sriovMembers: boolean;
  /** Of those that the document names. */
  knownSubnets: ReadonlySet<string>;
  identify: Pick<ApiDependencies, 'newId' | 'now'>;
  /** What the document does not have goes. */
  prune: boolean;
}

const hasOnlyNames = (pool: DesiredPool): boolean => {
  const { id: _1, name: _2, place: _3, adminStateUp, tags, members, ...rest } = pool;
  const nothing = Object.values(rest).every((value) => value === null || value === '' || value === false);
  return nothing && adminStateUp && tags.length === 0 && members.length === 0;
};

/**
 * @param present what is below the load balancer now
 * @param loadBalancer as it will be
 * @throws OctaviaError, never 409
 */
export function planDesiredState(
  document: DesiredLoadBalancer,
  present: Children,
  loadBalancer: LoadBalancer,
  context: Context,
): Plan {
  const planning = new Planning(present, loadBalancer, context);
  planning.pools(document);
  planning.listeners(document);
  planning.leave();
  planning.check();
  return planning.plan;
}

class Planning {
  readonly plan = new Plan();
  readonly #present: Children;
  readonly #loadBalancer: LoadBalancer;
  readonly #context: Context;
  readonly #deps: Pick<ApiDependencies, 'newId' | 'now'>;
  readonly #poolOf = new Map<DesiredPool, Pool>();
  readonly #kept = new Set<string>();

  constructor(present: Children, loadBalancer: LoadBalancer, context: Context) {
    this.#present = present;
    this.#loadBalancer = loadBalancer;
    this.#context = context;
    this.#deps = inSequence(context.identify);
  }

  #new(operatingStatus?: Parameters<typeof newResource>[2]) {
    return newResource(this.#deps, this.#loadBalancer.projectId, operatingStatus);
  }

  pools(document: DesiredLoadBalancer): void {
    const inline = document.listeners.flatMap(({ defaultPool, l7policies }) => [
      defaultPool,
      ...l7policies.map(({ redirectPool }) => redirectPool),
    ]);
    const given = [...document.pools, ...inline.filter((pool) => pool !== null)];
    const definitions = given.filter((pool) => !hasOnlyNames(pool));
    const found = matched(definitions, this.#present.pools, 'pool');
    definitions.forEach((desired, index) => {
      this.#poolOf.set(
        desired,
        located(desired.place, () => this.#pool(desired, found[index] ?? null)),
      );
    });
  }

  #pool(desired: DesiredPool, current: Pool | null): Pool {
    const { id: _1, place, members, healthmonitor, protocol, lbAlgorithm, ...options } = desired;
    const missing = (name: string) =>
      refusal(`Pool definition for '${desired.name}' missing required attribute: ${name}`);
    if (protocol === null) throw missing('protocol');
    if (lbAlgorithm === null) throw missing('lb_algorithm');
    const input = { ...options, protocol, lbAlgorithm };
    const { rules } = this.#context;
    const settled = settlePool(input, rules.pool);
    checkPoolCiphers(settled, rules.pool);
    let pool: Pool;
    if (current) {
      this.#kept.add(current.id);
      pool = this.plan.keep('pool', current, settled, place, input);
    } else {
      pool = { ...this.#new(), ...settled, loadBalancerId: this.#loadBalancer.id };
      this.plan.add('pool', pool, place);
    }
    this.#monitor(pool, healthmonitor);
    this.#members(pool, members);
    return pool;
  }

  #monitor(pool: Pool, desired: DesiredPool['healthmonitor']): void {
    const current = this.#present.healthMonitors.find(({ poolId }) => poolId === pool.id) ?? null;
    if (desired === null) {
      if (current) this.#leave('health_monitor', current);
      return;
    }
    const { place, ...fields } = desired;
    const settled = located(place, () => settleHealthMonitor(fields, pool.protocol, this.#context.rules.healthMonitor));
    if (current) this.plan.keep('health_monitor', current, settled, place, fields);
    else this.plan.add('health_monitor', { ...this.#new(), ...settled, poolId: pool.id }, place);
  }

  #members(pool: Pool, desired: DesiredPool['members']): void {
    const { rules, knownSubnets, sriovMembers } = this.#context;
    const present = this.#present.members.filter(({ poolId }) => poolId === pool.id);
    const left = new Set(present);
    const seen: { address: string; protocolPort: number }[] = [];
    const isMonitored = this.plan.after.healthMonitors.some(({ poolId }) => poolId === pool.id);
    for (const { place, ...fields } of desired) {
      located(place, () => {
        checkMemberAddresses(fields, rules.addresses);
        checkEndpointFree(fields, seen);
        seen.push(fields);
        const same = present.filter((member) => endpoint(member) === endpoint(fields) && left.has(member));
        const current = same.find(({ address }) => address === fields.address) ?? same[0] ?? null;
        if (fields.subnetId !== current?.subnetId) requireSubnet(fields.subnetId, knownSubnets);
        const mayBeDirect = sriovMembers || current?.vnicType === 'direct';
        const settled = settleMember(fields, mayBeDirect);
        if (current) {
          left.delete(current);
          this.plan.keep('member', current, { ...settled, address: current.address }, place);
        } else {
          this.plan.add('member', { ...this.#new(newMemberStatus(isMonitored)), ...settled, poolId: pool.id }, place);
        }
      });
    }
    for (const member of left) this.#leave('member', member);
  }

  listeners({ listeners }: DesiredLoadBalancer): void {
    const found = this.#matchedListeners(listeners);
    listeners.forEach((desired, index) => {
      located(desired.place, () => this.#listener(desired, found[index] ?? null));
    });
  }

  /**
   * By name; but what nobody names any more and has the wanted port is taken over, for two cannot have the port, not even until
   * one of them is gone.
   */
  #matchedListeners(desired: readonly DesiredListener[]): (Listener | null)[] {
    const { listeners: present } = this.#present;
    const found = matched(desired, present, 'listener');
    if (!this.#context.prune) return found;
    const isAt = (listener: Listener, { protocol, protocolPort }: DesiredListener) =>
      listener.protocolPort === protocolPort && layer4(listener.protocol) === layer4(protocol);
    for (let isSettled = false; !isSettled; ) {
      isSettled = true;
      for (const [index, entry] of desired.entries()) {
        const own = found[index];
        if (entry.id !== null || (own && isAt(own, entry))) continue;
        const free = present.find((listener) => !found.includes(listener) && isAt(listener, entry));
        if (!free) continue;
        found[index] = free;
        // The one it leaves may have the port of another.
        isSettled = false;
      }
    }
    return found;
  }

  #listener(desired: DesiredListener, current: Listener | null): void {
    const { id: _1, place, defaultPool, l7policies, defaultPoolId, ...fields } = desired;
    const { rules } = this.#context;
    const pool = this.#target(defaultPool, defaultPoolId);
    const asked = { ...fields, defaultPoolId: pool?.id ?? null };
    const settled = settleListener(asked, rules.listener, vipAddresses(this.#loadBalancer));
    checkListenerCiphers(settled, rules.listener);
    let listener: Listener;
    if (current) {
      this.#kept.add(current.id);
      listener = this.plan.keep('listener', current, settled, place, asked);
    } else {
      listener = { ...this.#new(), ...settled, loadBalancerId: this.#loadBalancer.id };
      this.plan.add('listener', listener, place);
    }
    this.#policies(listener, l7policies);
  }

  /** The pool that a listener or policy sends to. */
  #target(pool: DesiredPool | null, id: string | null): Pool | null {
    if (pool === null && id === null) return null;
    const defined = pool && this.#poolOf.get(pool);
    if (defined) return defined;
    const staying = this.#context.prune ? [] : this.#present.pools.filter((one) => !this.#kept.has(one.id));
    const all = [...this.#poolOf.values(), ...staying];
    const wanted = pool?.id ?? id;
    const [own, another] = all.filter((one) => (wanted === null ? one.name === pool?.name : one.id === wanted));
    if (another) throw refusal(`Several pools are called '${pool?.name}': give the id of the one that is meant.`);
    if (own) return own;
    throw refusal(
      wanted === null
        ? `Pool '${pool?.name}' was referenced but no full definition was found.`
        : `Pool ${wanted} was referenced but is not among the pools of the document.`,
    );
  }

  #policies(listener: Listener, desired: readonly DesiredPolicy[]): void {
    const present = this.#present.l7policies
      .filter(({ listenerId }) => listenerId === listener.id)
      .sort((a, b) => a.position - b.position);
    const found = matched(desired, present, 'L7 policy');
    const unnamed = present.filter((policy) => !found.includes(policy));
    // Positions as if they were created one after the other; what the document does not have stays behind them.
    const placed: DesiredPolicy[] = [];
    for (const policy of desired) placed.splice((policy.position ?? placed.length + 1) - 1, 0, policy);
    desired.forEach((policy, index) => {
      located(policy.place, () => this.#policy(listener, policy, found[index] ?? null, placed.indexOf(policy) + 1));
    });
    unnamed.forEach((policy, index) => {
      this.#leave('l7policy', policy, { position: placed.length + index + 1 });
    });
  }

  #policy(listener: Listener, desired: DesiredPolicy, current: L7Policy | null, position: number): void {
    if (listener.protocol === 'PROMETHEUS') throw new OctaviaError('PROMETHEUS_CHILD');
    const { id: _1, place, rules, redirectPool, redirectPoolId, position: _2, ...fields } = desired;
    const pool = this.#target(redirectPool, redirectPoolId);
    const asked = { ...fields, redirectPoolId: pool?.id ?? null };
    const settled = settleL7Policy(asked);
    let policy: L7Policy;
    if (current) {
      this.#kept.add(current.id);
      policy = this.plan.keep('l7policy', current, { ...settled, position }, place, asked);
    } else {
      policy = { ...this.#new(), ...settled, listenerId: listener.id, position };
      this.plan.add('l7policy', policy, place);
    }
    this.#rules(policy, rules);
  }

  /** Rules have no names: what is there as it should be stays, and of the rest one after the other becomes another. */
  #rules(policy: L7Policy, desired: DesiredPolicy['rules']): void {
    const left = this.#present.l7rules.filter(({ l7policyId }) => l7policyId === policy.id);
    const settled = desired.map(({ place, ...rule }) => ({ place, rule: located(place, () => settleL7Rule(rule)) }));
    const take = (accept: (rule: L7Rule) => boolean): L7Rule | null => {
      const index = left.findIndex(accept);
      return index < 0 ? null : (left.splice(index, 1)[0] ?? null);
    };
    const same = settled.map(({ rule }) =>
      take((own) => fieldChanges('l7rule', own, { ...own, ...rule }).length === 0),
    );
    settled.forEach(({ place, rule }, index) => {
      const current = same[index] ?? take(() => true);
      if (current) this.plan.keep('l7rule', current, rule, place);
      else this.plan.add('l7rule', { ...this.#new(), name: '', ...rule, l7policyId: policy.id }, place);
    });
    for (const rule of left) this.#leave('l7rule', rule);
  }

  /** What the document does not have: it goes, or stays as it is. */
  #leave<K extends ChildKind>(kind: K, object: Kinds[K], moved: Partial<Kinds[K]> = {}): void {
    if (this.#context.prune) {
      this.plan.remove(kind, object);
      if (Object.keys(moved).length > 0) this.plan.updates.push({ kind, id: object.id, written: moved });
    } else {
      this.plan.keep(kind, object, moved, '');
    }
    this.#below(kind, object.id);
  }

  /** What stands below an object that the document does not have. */
  #below(kind: ChildKind, id: string): void {
    const { members, healthMonitors, l7policies, l7rules } = this.#present;
    const into = this.#context.prune ? this.plan.leaving : this.plan.after;
    if (kind === 'pool') {
      into.members.push(...members.filter(({ poolId }) => poolId === id));
      into.healthMonitors.push(...healthMonitors.filter(({ poolId }) => poolId === id));
    }
    const policies = kind === 'listener' ? l7policies.filter(({ listenerId }) => listenerId === id) : [];
    into.l7policies.push(...policies);
    const ids = kind === 'l7policy' ? [id] : policies.map((policy) => policy.id);
    into.l7rules.push(...l7rules.filter(({ l7policyId }) => ids.includes(l7policyId)));
  }

  leave(): void {
    for (const listener of this.#present.listeners) if (!this.#kept.has(listener.id)) this.#leave('listener', listener);
    for (const pool of this.#present.pools) if (!this.#kept.has(pool.id)) this.#leave('pool', pool);
  }

  /** What has to hold of the whole, also where the document says nothing. @throws OctaviaError VALIDATION, PROMETHEUS_CHILD */
  check(): void {
    const { after } = this.plan;
    const pools = new Map(after.pools.map((pool) => [pool.id, pool]));
    const listeners = new Map(after.listeners.map((listener) => [listener.id, listener]));
    const { securityGroupIds } = this.#loadBalancer.vip;
    const fits = (id: string, poolId: string | null, listener: Listener | undefined) => {
      const pool = pools.get(poolId ?? '');
      if (pool && listener) located(this.#placeOf(id), () => checkPoolFitsListener(pool.protocol, listener.protocol));
    };
    for (const listener of after.listeners) {
      fits(listener.id, listener.defaultPoolId, listener);
      located(this.#placeOf(listener.id), () => checkCidrsBesideGroups(listener.allowedCidrs, securityGroupIds));
    }
    for (const policy of after.l7policies) fits(policy.id, policy.redirectPoolId, listeners.get(policy.listenerId));
  }

  #placeOf(id: string): string {
    return this.plan.places.get(id) || 'loadbalancer';
  }
}
