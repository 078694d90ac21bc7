/** A load balancer that a test made: its objects one call at a time, and what clients of its VIPs get. */
import { expect } from 'vitest';
import { until, untilEqual } from '../../kit/until.ts';
import { Amphorae } from './amphorae.ts';
import type { Place } from './backend.ts';
import { type Answer, ask, outcome, type Question } from './client.ts';
import type { Json, Reply, Site } from './site.ts';

const SINGULAR: Record<string, string> = {
  listeners: 'listener',
  pools: 'pool',
  members: 'member',
  healthmonitors: 'healthmonitor',
  l7policies: 'l7policy',
  rules: 'rule',
};

/** Wrapper key of a collection, or of one object in it. */
const keyOf = (path: string): string => {
  const words = path.split('/');
  return SINGULAR[words.at(-1) ?? ''] ?? SINGULAR[words.at(-2) ?? ''] ?? 'loadbalancer';
};

export class Served {
  readonly id: string;
  /** IPv4, IPv6. */
  readonly vips: string[];
  readonly vipPortId: string;
  readonly amphorae: Amphorae;
  readonly #site: Site;

  constructor(site: Site, id: string, vips: string[], vipPortId: string) {
    this.#site = site;
    this.id = id;
    this.vips = vips;
    this.vipPortId = vipPortId;
    this.amphorae = new Amphorae(site, id);
  }

  /** Waits until no change is under way. @throws Error when it ended in ERROR */
  async active(): Promise<Json> {
    const loadbalancer = await until(`load balancer ${this.id} rests`, async () => {
      const { loadbalancer } = (await this.#site.call('GET', `lbaas/loadbalancers/${this.id}`)).body;
      return ['ACTIVE', 'ERROR'].includes(loadbalancer.provisioning_status) ? loadbalancer : null;
    });
    if (loadbalancer.provisioning_status === 'ACTIVE') return loadbalancer;
    const { body } = await this.#site.call('GET', `lbaas/loadbalancers/${this.id}/operations`);
    throw new Error(JSON.stringify(body.operations[0], null, 1));
  }

  /** A change that is accepted; resolves when it works. @returns the object */
  async change(method: 'POST' | 'PUT' | 'DELETE', path: string, given?: object): Promise<Json> {
    const reply = await this.try(method, path, given);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`);
    await this.active();
    return reply.body?.[keyOf(path)];
  }

  /** The same, refused or not. Does not wait. */
  try(method: 'POST' | 'PUT' | 'DELETE', path: string, given?: object): Promise<Reply> {
    return this.#site.call(method, `lbaas/${path}`, given && { [keyOf(path)]: given });
  }

  /** @returns the object */
  create(path: string, given: object): Promise<Json> {
    return this.change('POST', path, given);
  }

  listener(given: object): Promise<Json> {
    return this.create('listeners', { loadbalancer_id: this.id, ...given });
  }

  /** A pool of the load balancer, or of the listener that is given, with members. */
  async pool(given: object, members: readonly Place[] = []): Promise<Json> {
    const owner = 'listener_id' in given ? {} : { loadbalancer_id: this.id };
    const pool = await this.create('pools', { protocol: 'HTTP', lb_algorithm: 'ROUND_ROBIN', ...owner, ...given });
    for (const member of members) await this.member(pool.id, member);
    return pool;
  }

  member(poolId: string, place: Place, more: object = {}): Promise<Json> {
    return this.create(`pools/${poolId}/members`, { ...this.#site.member(place), ...more });
  }

  /** An L7 policy with its rules. */
  async policy(given: object, rules: readonly object[]): Promise<Json> {
    const policy = await this.create('l7policies', given);
    for (const rule of rules) await this.create(`l7policies/${policy.id}/rules`, rule);
    return policy;
  }

  /** Operating statuses: of the load balancer, and of pools and members by name or address. */
  async statuses(): Promise<Record<string, string>> {
    const { loadbalancer } = (await this.#site.call('GET', `lbaas/loadbalancers/${this.id}/status`)).body.statuses;
    const told: Record<string, string> = { loadbalancer: loadbalancer.operating_status };
    for (const listener of loadbalancer.listeners) {
      for (const pool of listener.pools) {
        told.pool = pool.operating_status;
        for (const member of pool.members) told[member.address] = member.operating_status;
      }
    }
    return told;
  }

  become(statuses: Record<string, string>, limitMs?: number): Promise<void> {
    const look = async (): Promise<Record<string, string>> => {
      const all = await this.statuses();
      return Object.fromEntries(Object.keys(statuses).map((name) => [name, all[name] ?? 'none']));
    };
    return untilEqual('operating statuses', look, statuses, limitMs);
  }

  ask(question?: Question, vip = this.vips[0]!): Promise<Answer> {
    return ask(this.#site.testbed, vip, question);
  }

  outcome(question?: Question, vip = this.vips[0]!): Promise<string> {
    return outcome(this.#site.testbed, vip, question);
  }

  /** One after the other. */
  async outcomes(count: number, question?: Question, vip?: string): Promise<string[]> {
    const all: string[] = [];
    for (let n = 0; n < count; n++) all.push(await this.outcome(question, vip));
    return all;
  }

  /** Over either VIP the same. */
  async expectOutcome(wanted: string | RegExp, question?: Question): Promise<void> {
    const all = await Promise.all(this.vips.map(async (vip) => [vip, await this.outcome(question, vip)] as const));
    for (const [vip, told] of all) {
      const words = `${vip} ${JSON.stringify(question?.path ?? '/')} ${JSON.stringify(question?.headers ?? {})}`;
      if (typeof wanted === 'string') expect(told, words).toBe(wanted);
      else expect(told, words).toMatch(wanted);
    }
  }
}
