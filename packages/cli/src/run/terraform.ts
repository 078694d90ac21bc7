/** A load balancer as resources of the OpenStack provider of Terraform, with blocks that import what is there. */
import type { Api } from '@octavia/client';
import type { Kind } from '../command.ts';
import { HEALTH_MONITOR, L7_POLICY, L7_RULE, LISTENER, LOAD_BALANCER, MEMBER, POOL } from '../table/kinds.ts';
import { listAll, pathOf } from './names.ts';

type Item = Record<string, unknown>;

/** Attributes of each resource as the provider calls them, by their names in the API. */
const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  loadbalancer: {
    ...same(
      'name',
      'description',
      'vip_address',
      'vip_qos_policy_id',
      'flavor_id',
      'availability_zone',
      'admin_state_up',
      'tags',
    ),
    vip_subnet_id: 'vip_subnet_id',
    provider: 'loadbalancer_provider',
    vip_sg_ids: 'security_group_ids',
  },
  pool: {
    ...same(
      'name',
      'description',
      'protocol',
      'admin_state_up',
      'tls_enabled',
      'tls_container_ref',
      'ca_tls_container_ref',
    ),
    ...same('crl_container_ref', 'tls_ciphers', 'tls_versions', 'alpn_protocols'),
    lb_algorithm: 'lb_method',
  },
  monitor: same(
    'name',
    'type',
    'delay',
    'timeout',
    'max_retries',
    'max_retries_down',
    'http_method',
    'url_path',
    'expected_codes',
    'http_version',
    'domain_name',
    'admin_state_up',
  ),
  member: same(
    'name',
    'address',
    'protocol_port',
    'subnet_id',
    'weight',
    'backup',
    'monitor_address',
    'monitor_port',
    'admin_state_up',
    'tags',
  ),
  listener: {
    ...same('name', 'description', 'protocol', 'protocol_port', 'connection_limit', 'insert_headers', 'admin_state_up'),
    ...same('default_tls_container_ref', 'sni_container_refs', 'timeout_client_data', 'timeout_member_connect'),
    ...same('timeout_member_data', 'timeout_tcp_inspect', 'client_authentication', 'client_ca_tls_container_ref'),
    ...same('client_crl_container_ref', 'allowed_cidrs', 'tls_ciphers', 'tls_versions', 'alpn_protocols'),
    ...same('hsts_max_age', 'hsts_include_subdomains', 'hsts_preload', 'tags'),
  },
  l7policy: same(
    'name',
    'description',
    'action',
    'position',
    'redirect_url',
    'redirect_prefix',
    'redirect_http_code',
    'admin_state_up',
  ),
  l7rule: same('type', 'compare_type', 'key', 'value', 'invert', 'admin_state_up'),
};

function same(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** An expression in place of a value: a reference to another resource. */
class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Of HCL, `${` and `%{` begin a template, and there are fewer short forms of control characters than in JSON. */
const quoted = (text: string): string =>
  JSON.stringify(text)
    .replaceAll(/\\[bf\\]/g, (pair) => SHORT_FORMS[pair] ?? pair)
    // A function: of a text `$$` would be one `$`, and the template would be carried out.
    .replaceAll(/[$%]\{/g, (begin) => `${begin[0]}${begin}`);
const SHORT_FORMS: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' };

/** @param indent of the line it stands on */
function valueText(value: unknown, indent: string): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map((entry) => valueText(entry, indent)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => [quoted(key), entry] as const);
    return `{\n${written(entries, `${indent}  `)}${indent}}`;
  }
  return String(value);
}

/** Lines of a block as `terraform fmt` writes them: `=` of what follows each other stand below each other. */
function written(fields: readonly (readonly [name: string, value: unknown])[], indent: string): string {
  const lines = fields.map(([name, value]) => ({ name, value: valueText(value, indent) }));
  const isLong = (index: number): boolean => lines[index]?.value.includes('\n') ?? true;
  const widthAt = (index: number): number => {
    let [from, to] = [index, index];
    while (!isLong(from - 1)) from -= 1;
    while (!isLong(to + 1)) to += 1;
    return lines.slice(from, to + 1).reduce((most, { name }) => Math.max(most, name.length), 0);
  };
  return lines
    .map(({ name, value }, index) => `${indent}${isLong(index) ? name : name.padEnd(widthAt(index))} = ${value}\n`)
    .join('');
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (typeof value === 'object' && !(value instanceof Expression) && Object.keys(value as object).length === 0);

/** Writes blocks, and gives each resource a label that no other has. */
class Blocks {
  readonly #taken = new Set<string>();
  readonly #texts: string[] = [];

  /**
   * @param importedBy what the provider finds it by
   * @returns the reference to its id
   */
  add(
    type: string,
    item: Item,
    importedBy: string,
    more: Item = {},
    blocks: Readonly<Record<string, Item>> = {},
  ): Expression {
    const full = `openstack_lb_${type}_v2`;
    const label = this.#label(full, String(item.name || type));
    const attributes = Object.entries(ATTRIBUTES[type] ?? {}).map(([name, own]): [string, unknown] => [
      own,
      item[name],
    ]);
    const present = (entries: readonly [string, unknown][]) => entries.filter(([, value]) => !isEmpty(value));
    const lines = written(present([...Object.entries(more), ...attributes]), '  ');
    const inner = Object.entries(blocks).map(
      ([name, values]) => `\n  ${name} {\n${written(present(Object.entries(values)), '    ')}  }\n`,
    );
    this.#texts.push(
      `import {\n  to = ${full}.${label}\n  id = ${quoted(importedBy)}\n}\n`,
      `resource ${quoted(full)} ${quoted(label)} {\n${lines}${inner.join('')}}\n`,
    );
    return new Expression(`${full}.${label}.id`);
  }

  #label(type: string, name: string): string {
    const plain = name.replace(/[^A-Za-z0-9_-]/g, '_').replace(/^(?![A-Za-z_])/, '_');
    let label = plain;
    for (let number = 2; this.#taken.has(`${type}.${label}`); number += 1) label = `${plain}_${number}`;
    this.#taken.add(`${type}.${label}`);
    return label;
  }

  toString(): string {
    return this.#texts.join('\n');
  }
}

const persistenceOf = ({ session_persistence: persistence }: Item): Record<string, Item> => {
  const { type, cookie_name: cookie } = Object(persistence) as Item;
  return type ? { persistence: { type, cookie_name: cookie } } : {};
};

/** Every object with its id, by the lists of the API. */
export async function terraform(api: Api, id: string, signal?: AbortSignal): Promise<string> {
  const list = (kind: Kind, query: Item, parent: string | null = null): Promise<Item[]> =>
    listAll(api, { ...kind, path: pathOf(kind, parent) }, query, signal);
  const balancer = Object(
    Object(await api.request('GET', `${pathOf(LOAD_BALANCER, null)}/${id}`, { signal })).loadbalancer,
  ) as Item;
  const blocks = new Blocks();
  const loadbalancer = blocks.add('loadbalancer', balancer, id);
  const poolRefs = new Map<string, Expression>();
  for (const pool of await list(POOL, { loadbalancer_id: id })) {
    const own = String(pool.id);
    const reference = blocks.add('pool', pool, own, { loadbalancer_id: loadbalancer }, persistenceOf(pool));
    poolRefs.set(own, reference);
    for (const monitor of await list(HEALTH_MONITOR, { pool_id: own })) {
      blocks.add('monitor', monitor, String(monitor.id), { pool_id: reference });
    }
    for (const member of await list(MEMBER, {}, own)) {
      blocks.add('member', member, `${own}/${String(member.id)}`, { pool_id: reference });
    }
  }
  for (const listener of await list(LISTENER, { loadbalancer_id: id })) {
    const own = String(listener.id);
    const pool = poolRefs.get(String(listener.default_pool_id));
    const reference = blocks.add('listener', listener, own, { loadbalancer_id: loadbalancer, default_pool_id: pool });
    const policies = await list(L7_POLICY, { listener_id: own });
    policies.sort((a, b) => Number(a.position) - Number(b.position));
    for (const policy of policies) {
      const policyId = String(policy.id);
      const target = poolRefs.get(String(policy.redirect_pool_id));
      const made = blocks.add('l7policy', policy, policyId, { listener_id: reference, redirect_pool_id: target });
      for (const rule of await list(L7_RULE, {}, policyId)) {
        blocks.add('l7rule', rule, `${policyId}/${String(rule.id)}`, { l7policy_id: made });
      }
    }
  }
  return blocks.toString();
}
