import { randomUUID } from 'node:crypto';
import { type FakeNeutron, fault, type Sees } from './fake-neutron.ts';
import type { Answer, Asked } from './fake-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies of requests are what somebody sent
type Json = any;

interface FakeRule {
  id: string;
  security_group_id: string;
  direction: string;
  ethertype: string;
  protocol: string | null;
  port_range_min: number | null;
  port_range_max: number | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
}

interface FakeGroup {
  id: string;
  name: string;
  project_id: string;
  tags: string[];
}

/** Security groups of a `FakeNeutron`, which its ports have. */
export class NeutronGroups {
  readonly #neutron: FakeNeutron;
  readonly all = new Map<string, FakeGroup>();
  readonly rules = new Map<string, FakeRule>();

  constructor(neutron: FakeNeutron) {
    this.#neutron = neutron;
  }

  /** Made by somebody. */
  put(name: string, project_id: string): string {
    const id = randomUUID();
    this.all.set(id, { id, name, project_id, tags: [] });
    for (const ethertype of ['IPv4', 'IPv6']) this.#addRule({ security_group_id: id, direction: 'egress', ethertype });
    return id;
  }

  tagsOf(id: string): string[] | undefined {
    return this.all.get(id)?.tags;
  }

  /** A refusal when one of them is not there; groups by default are made with their projects. */
  missing(ids: readonly string[]): Answer | null {
    const id = ids.find((one) => !this.all.has(one) && !one.startsWith('default of '));
    return id === undefined ? null : fault(404, 'SecurityGroupNotFound', `Security group ${id} does not exist`);
  }

  /** Rules of a group in short, sorted: `tcp 80 IPv4 from 10.0.0.0/8`. */
  ingressOf(id: string): string[] {
    return [...this.rules.values()]
      .filter((rule) => rule.security_group_id === id && rule.direction === 'ingress')
      .map(({ protocol, port_range_min: port, ethertype, remote_ip_prefix: from }) =>
        [protocol ?? 'any', port ?? '-', ethertype, ...(from === null ? [] : ['from', from])].join(' '),
      )
      .sort();
  }

  answer({ method, body }: Asked, url: URL, id: string | undefined, sees: Sees): Answer {
    const kind = url.pathname.split('/')[2];
    if (kind === 'security-groups') return this.#groups(method, body, url.searchParams, id, sees);
    if (kind === 'security-group-rules') return this.#rules(method, body, id);
    return { status: 404, body: 'The resource could not be found.' };
  }

  #groups(method: string, body: unknown, query: URLSearchParams, id: string | undefined, sees: Sees): Answer {
    if (id === undefined && method === 'POST') {
      const over = this.#neutron.overQuota('security_group', this.all.size + 1);
      if (over) return over;
      const made = this.put((body as Json).security_group.name, 'service');
      return { status: 201, body: { security_group: this.#shown(made) } };
    }
    if (id === undefined) {
      const named = [...this.all.values()].filter(
        ({ name, project_id }) =>
          sees(project_id) &&
          [null, name].includes(query.get('name')) &&
          [null, project_id].includes(query.get('project_id')),
      );
      if (query.has('sort_key')) named.sort((a, b) => a.id.localeCompare(b.id));
      const after = named.filter(({ id: own }) => own > (query.get('marker') ?? ''));
      const page = after.slice(0, Number(query.get('limit') ?? after.length));
      return { status: 200, body: { security_groups: page.map((group) => this.#shown(group.id)) } };
    }
    const group = this.all.get(id);
    if (group === undefined || !sees(group.project_id)) {
      return fault(404, 'SecurityGroupNotFound', `Security group ${id} does not exist`);
    }
    if (method === 'GET') return { status: 200, body: { security_group: this.#shown(id) } };
    if ([...this.#neutron.ports.values()].some(({ security_groups }) => security_groups.includes(id))) {
      return fault(409, 'SecurityGroupInUse', `Security Group ${id} in use.`);
    }
    this.all.delete(id);
    for (const rule of [...this.rules.values()]) if (rule.security_group_id === id) this.rules.delete(rule.id);
    return { status: 204 };
  }

  #rules(method: string, body: unknown, id: string | undefined): Answer {
    if (method === 'DELETE') {
      if (!this.rules.delete(id ?? '')) {
        return fault(404, 'SecurityGroupRuleNotFound', `Security group rule ${id} does not exist`);
      }
      return { status: 204 };
    }
    const wishes = (body as Json).security_group_rules as Partial<FakeRule>[];
    const over = this.#neutron.overQuota('security_group_rule', this.rules.size + wishes.length);
    if (over) return over;
    const known = new Set([...this.rules.values()].map(keyOf));
    const twice = wishes.find((wish) => known.has(keyOf(wish)));
    if (twice) return fault(409, 'SecurityGroupRuleExists', 'Security group rule already exists. Rule id is x.');
    for (const wish of wishes) this.#addRule(wish);
    return { status: 201, body: { security_group_rules: [] } };
  }

  #addRule(wish: Partial<FakeRule>): void {
    const id = randomUUID();
    const rule = { protocol: null, port_range_min: null, port_range_max: null, remote_ip_prefix: null } as const;
    this.rules.set(id, { remote_group_id: null, ...rule, ...wish, id } as FakeRule);
  }

  #shown(id: string): object {
    const security_group_rules = [...this.rules.values()].filter((rule) => rule.security_group_id === id);
    return { ...this.all.get(id), security_group_rules };
  }
}

const keyOf = (rule: Partial<FakeRule>): string =>
  [
    rule.security_group_id,
    rule.direction,
    rule.ethertype,
    rule.protocol,
    rule.port_range_min ?? null,
    rule.remote_ip_prefix ?? null,
  ].join(' ');
