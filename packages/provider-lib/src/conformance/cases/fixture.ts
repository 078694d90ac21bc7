/** The load balancers of the kit: objects as the API makes them, and the locks that it takes for each change. */
import { randomUUID } from 'node:crypto';
import {
  type AdditionalVip,
  HealthMonitor,
  L7Policy,
  L7Rule,
  Listener,
  LoadBalancer,
  Member,
  Pool,
  type VipDictionary,
} from '../../data-models.ts';
import { type Change, type Kit, Skipped } from '../kit.ts';
import type { ListName, Lock, Pending } from '../world.ts';

/** What a driver with a real cloud behind it needs in place of what the kit makes up. */
export interface Given {
  vip_address?: string;
  vip_network_id?: string;
  vip_port_id?: string;
  vip_subnet_id?: string;
  member_address?: string;
  member_subnet_id?: string;
}

export interface Case {
  name: string;
  run(kit: Kit, fixture: Fixture): Promise<void>;
}

/** The network of documentation; each load balancer has an address of it. */
const VIP_NET = '192.0.2';
const PROJECT = '5e7f4d3c2b1a49588776655443322110';

type Values<T> = Partial<{ [Name in keyof T]: T[Name] }>;

export class Fixture {
  readonly #kit: Kit;
  readonly given: Given;
  #balancers = 0;
  #ports = 8000;
  #members = 10;
  /** The one that most cases change; null: it could not be made. */
  balancer: LoadBalancer | null = null;
  listener: Listener | null = null;
  pool: Pool | null = null;
  member: Member | null = null;
  monitor: HealthMonitor | null = null;
  policy: L7Policy | null = null;
  rule: L7Rule | null = null;

  constructor(kit: Kit, given: Given) {
    this.#kit = kit;
    this.given = given;
  }

  /** @throws Skipped */
  need<Name extends 'balancer' | 'listener' | 'pool' | 'member' | 'monitor' | 'policy' | 'rule'>(
    name: Name,
  ): NonNullable<Fixture[Name]> {
    const object = this[name];
    if (object === null) throw new Skipped(`There is no ${name}: the driver has none, or could not make it.`);
    return object as NonNullable<Fixture[Name]>;
  }

  newVip(): VipDictionary {
    this.#balancers += 1;
    const { given } = this;
    return {
      project_id: PROJECT,
      vip_address: given.vip_address ?? `${VIP_NET}.${this.#balancers}`,
      vip_network_id: given.vip_network_id ?? randomUUID(),
      vip_subnet_id: given.vip_subnet_id ?? randomUUID(),
    };
  }

  newBalancer(more: Values<LoadBalancer> = {}): LoadBalancer {
    return new LoadBalancer({
      ...this.newVip(),
      loadbalancer_id: randomUUID(),
      vip_port_id: this.given.vip_port_id ?? randomUUID(),
      vip_qos_policy_id: null,
      vip_sg_ids: [],
      additional_vips: [],
      name: 'conformance',
      description: '',
      admin_state_up: true,
      ...more,
    });
  }

  newListener(protocol: string, more: Values<Listener> = {}): Listener {
    this.#ports += 1;
    return new Listener({
      listener_id: randomUUID(),
      loadbalancer_id: idOf(this.balancer),
      project_id: PROJECT,
      name: 'conformance',
      description: '',
      admin_state_up: true,
      protocol,
      protocol_port: this.#ports,
      connection_limit: -1,
      default_pool_id: null,
      insert_headers: {},
      allowed_cidrs: null,
      timeout_client_data: 50_000,
      timeout_member_connect: 5000,
      timeout_member_data: 50_000,
      timeout_tcp_inspect: 0,
      ...more,
    });
  }

  newPool(protocol: string, lb_algorithm: string, more: Values<Pool> = {}): Pool {
    return new Pool({
      pool_id: randomUUID(),
      loadbalancer_id: idOf(this.balancer),
      project_id: PROJECT,
      name: 'conformance',
      description: '',
      admin_state_up: true,
      protocol,
      lb_algorithm,
      session_persistence: null,
      tls_enabled: false,
      ...more,
    });
  }

  newMember(more: Values<Member> = {}): Member {
    this.#members += 1;
    return new Member({
      member_id: randomUUID(),
      pool_id: idOf(this.pool),
      project_id: PROJECT,
      name: 'conformance',
      admin_state_up: true,
      address: this.given.member_address ?? `198.51.100.${this.#members}`,
      // With one address for all of them the ports tell them apart.
      protocol_port: 9000 + this.#members,
      subnet_id: this.given.member_subnet_id ?? null,
      weight: 1,
      backup: false,
      monitor_address: null,
      monitor_port: null,
      ...more,
    });
  }

  newMonitor(type: string, more: Values<HealthMonitor> = {}): HealthMonitor {
    const http = { http_method: 'GET', url_path: '/', expected_codes: '200' };
    return new HealthMonitor({
      healthmonitor_id: randomUUID(),
      pool_id: idOf(this.pool),
      project_id: PROJECT,
      name: 'conformance',
      admin_state_up: true,
      type,
      delay: 5,
      timeout: 3,
      max_retries: 3,
      max_retries_down: 3,
      ...(type === 'HTTP' || type === 'HTTPS' ? http : {}),
      ...more,
    });
  }

  newPolicy(action: string, more: Values<L7Policy> = {}): L7Policy {
    return new L7Policy({
      l7policy_id: randomUUID(),
      listener_id: idOf(this.listener),
      project_id: PROJECT,
      name: 'conformance',
      description: '',
      admin_state_up: true,
      position: 1,
      action,
      redirect_url: action === 'REDIRECT_TO_URL' ? 'http://www.example.org/' : null,
      redirect_prefix: action === 'REDIRECT_PREFIX' ? 'http://www.example.org' : null,
      redirect_pool_id: action === 'REDIRECT_TO_POOL' ? idOf(this.pool) : null,
      redirect_http_code: action === 'REDIRECT_TO_URL' || action === 'REDIRECT_PREFIX' ? 302 : null,
      ...more,
    });
  }

  newRule(type: string, more: Values<L7Rule> = {}): L7Rule {
    return new L7Rule({
      l7rule_id: randomUUID(),
      l7policy_id: idOf(this.policy),
      project_id: PROJECT,
      admin_state_up: true,
      type,
      compare_type: 'EQUAL_TO',
      key: type === 'HEADER' || type === 'COOKIE' ? 'x-conformance' : null,
      value: type === 'PATH' ? '/conformance' : 'conformance',
      invert: false,
      ...more,
    });
  }

  /** A second VIP, as the API asks for it. */
  newAdditionalVip(): AdditionalVip {
    return { ip_address: '198.51.100.200', subnet_id: randomUUID() };
  }

  /** Locks of a change of the load balancer itself. */
  ofBalancer(balancer: LoadBalancer, waits: Pending): Lock[] {
    return [{ list: 'loadbalancers', id: idOf(balancer), waits, model: balancer }];
  }

  /**
   * A change of a child: the object, what stands above it, and the load balancer are locked.
   * @param model the new object, or the new half of an update
   */
  ofChild(method: Change['method'], list: ListName, model: Child, given: readonly unknown[], waits: Pending): Change {
    const balancer = this.need('balancer');
    const above = this.#above(list, model).map((lock) => ({ ...lock, waits: 'PENDING_UPDATE' as const }));
    return {
      method,
      arguments: given,
      owner: idOf(balancer),
      locks: [
        { list, id: idOf(model), waits, model },
        ...above,
        { list: 'loadbalancers', id: idOf(balancer), waits: 'PENDING_UPDATE' },
      ],
    };
  }

  /** The listeners that use the pool, the pool of a member, the policy of a rule. */
  #above(list: ListName, model: Child): { list: ListName; id: string }[] {
    const isThere = (id: string) => this.#kit.world.get(id)?.fate === 'there';
    const listener =
      this.listener && isThere(idOf(this.listener)) ? [{ list: 'listeners' as const, id: idOf(this.listener) }] : [];
    const uses = (pool: unknown) => listener.filter(() => this.listener?.default_pool_id === pool);
    switch (list) {
      case 'pools':
        return uses(idOf(model));
      case 'members':
      case 'healthmonitors': {
        const pool = idOf(this.need('pool'));
        return [{ list: 'pools', id: pool }, ...uses(pool)];
      }
      case 'l7policies':
        return listener;
      case 'l7rules':
        return [{ list: 'l7policies', id: idOf(this.need('policy')) }, ...listener];
      default:
        return [];
    }
  }

  create(method: Change['method'], list: ListName, model: Child): Change {
    return this.ofChild(method, list, model, [model], 'PENDING_CREATE');
  }

  /** @param change the new half: an object with its id and what is mentioned */
  update<T extends Child>(method: Change['method'], list: ListName, old: T, change: T): Change {
    return this.ofChild(method, list, change, [old, change], 'PENDING_UPDATE');
  }

  delete(method: Change['method'], list: ListName, model: Child): Change {
    return this.ofChild(method, list, model, [model], 'PENDING_DELETE');
  }
}

export type Child = LoadBalancer | Listener | Pool | Member | HealthMonitor | L7Policy | L7Rule;

const OWN_ID: Readonly<Record<string, string>> = {
  LoadBalancer: 'loadbalancer_id',
  Listener: 'listener_id',
  Pool: 'pool_id',
  Member: 'member_id',
  HealthMonitor: 'healthmonitor_id',
  L7Policy: 'l7policy_id',
  L7Rule: 'l7rule_id',
};

/** @throws Skipped where there is none */
export function idOf(object: Child | null): string {
  if (object === null) throw new Skipped('There is no such object.');
  const id = (object as unknown as Record<string, unknown>)[OWN_ID[object.constructor.name] ?? ''];
  return String(id);
}
