/**
 * The wire types of `packages/client`, made of the OpenAPI document. A generator of our own, for it gives every shape one
 * speakable name, needs no second TypeScript, and is quick enough for a unit test to compare its output each time.
 */

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  description?: string;
  deprecated?: boolean;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

interface Parameter {
  $ref?: string;
  name?: string;
  in?: string;
}

interface Document {
  paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> };
}

/** Names of schemas that do not follow from their words. */
const TYPE_NAMES: Record<string, string> = {
  loadbalancer: 'LoadBalancer',
  healthmonitor: 'HealthMonitor',
  l7policy: 'L7Policy',
  rule: 'L7Rule',
  flavorprofile: 'FlavorProfile',
};

/** Where a shape that occurs within others stands the first time, and its name. A later one of the same text is the same. */
const NAMED_PARTS: readonly [name: string, schema: string, ...path: string[]][] = [
  ['ProvisioningStatus', 'loadbalancer', 'provisioning_status'],
  ['OperatingStatus', 'loadbalancer', 'operating_status'],
  ['ListenerProtocol', 'listener', 'protocol'],
  ['PoolProtocol', 'pool', 'protocol'],
  ['LbAlgorithm', 'pool', 'lb_algorithm'],
  ['HealthMonitorType', 'healthmonitor', 'type'],
  ['L7PolicyAction', 'l7policy', 'action'],
  ['L7RuleType', 'rule', 'type'],
  ['L7RuleCompareType', 'rule', 'compare_type'],
  ['ClientAuthentication', 'listener', 'client_authentication'],
  ['HttpMethod', 'healthmonitor_create', 'http_method'],
  ['SessionPersistenceType', 'pool_create', 'session_persistence', 'type'],
  ['AmphoraRole', 'amphora_chosen', 'role'],
  ['AmphoraStatus', 'amphora_chosen', 'status'],
  ['OperationKind', 'operation', 'kind'],
  ['OperationState', 'operation', 'state'],
  ['OperationResourceType', 'operation', 'resource_type'],
  ['Reference', 'loadbalancer', 'listeners', 'items'],
  ['AdditionalVip', 'loadbalancer', 'additional_vips', 'items'],
  ['AdditionalVipCreate', 'loadbalancer_create', 'additional_vips', 'items'],
  ['SessionPersistence', 'pool', 'session_persistence'],
  ['SessionPersistenceCreate', 'pool_create', 'session_persistence'],
  ['SessionPersistenceUpdate', 'pool_update', 'session_persistence'],
  ['TreeMember', 'loadbalancer_create', 'pools', 'items', 'members', 'items'],
  ['TreeHealthMonitor', 'loadbalancer_create', 'pools', 'items', 'healthmonitor'],
  ['TreePool', 'loadbalancer_create', 'pools', 'items'],
  ['TreeL7Rule', 'loadbalancer_create', 'listeners', 'items', 'l7policies', 'items', 'rules', 'items'],
  ['TreeL7Policy', 'loadbalancer_create', 'listeners', 'items', 'l7policies', 'items'],
  ['TreeListener', 'loadbalancer_create', 'listeners', 'items'],
];

/** Lists whose query parameters get a type. */
const LISTS: Record<string, string> = {
  LoadBalancer: '/v2/lbaas/loadbalancers',
  Listener: '/v2/lbaas/listeners',
  Pool: '/v2/lbaas/pools',
  Member: '/v2/lbaas/pools/{pool}/members',
  HealthMonitor: '/v2/lbaas/healthmonitors',
  L7Policy: '/v2/lbaas/l7policies',
  L7Rule: '/v2/lbaas/l7policies/{policy}/rules',
  Quota: '/v2/lbaas/quotas',
  Provider: '/v2/lbaas/providers',
  Flavor: '/v2/lbaas/flavors',
  FlavorProfile: '/v2/lbaas/flavorprofiles',
  AvailabilityZone: '/v2/lbaas/availabilityzones',
  AvailabilityZoneProfile: '/v2/lbaas/availabilityzoneprofiles',
  Amphora: '/v2/octavia/amphorae',
  Operation: '/v2/octavia/operations',
};

/** Of every list, in the type `Paging`. */
const PAGING = new Set(['limit', 'marker', 'page_reverse', 'sort', 'sort_key', 'sort_dir', 'fields']);

const pascal = (text: string): string =>
  text
    .split('_')
    .map((word) => TYPE_NAMES[word] ?? word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

class Writer {
  readonly #schemas: Record<string, Schema>;
  /** Text of a shape → its name. */
  readonly #named = new Map<string, string>();

  constructor(schemas: Record<string, Schema>) {
    this.#schemas = schemas;
  }

  /** The declarations of NAMED_PARTS, in their order. */
  parts(): string[] {
    return NAMED_PARTS.map(([name, schema, ...path]) => {
      const part = path.reduce<Schema | undefined>(
        (at, key) => (key === 'items' && at?.items ? at.items : at?.properties?.[key]),
        this.#schemas[schema],
      );
      if (part === undefined) throw new Error(`${schema} has no ${path.join('.')}`);
      const { enum: values, properties } = notNull(part);
      const text = properties ? this.#object(notNull(part), 0) : union(values ?? []);
      this.#named.set(text, name);
      return declaration(name, text, part.description);
    });
  }

  schema(name: string): string {
    const schema = this.#schemas[name]!;
    const base = name.replace(/_chosen$/, '');
    if (base === name) return declaration(pascal(name), this.#object(schema, 0), schema.description);
    // Unless `fields` is used everything is there; the classes say what is when it is.
    const whole = { ...schema, required: Object.keys(schema.properties ?? {}) };
    return declaration(`${this.#schemas[base] ? 'Listed' : ''}${pascal(base)}`, this.#object(whole, 0));
  }

  #object({ properties = {}, required = [] }: Schema, depth: number): string {
    const indent = '  '.repeat(depth);
    const lines = Object.entries(properties).flatMap(([name, property]) => {
      const mark = required.includes(name) ? '' : '?';
      const comment = remarks(property);
      return [
        ...(comment === '' ? [] : [`${indent}  /** ${comment} */`]),
        `${indent}  ${name}${mark}: ${this.#type(property, depth + 1)};`,
      ];
    });
    return lines.length === 0 ? 'object' : `{\n${lines.join('\n')}\n${indent}}`;
  }

  #type(schema: Schema, depth: number): string {
    if (schema.$ref !== undefined) return pascal(schema.$ref.split('/').at(-1) ?? '');
    const isNullable = [schema.type].flat().includes('null') || schema.anyOf?.some(({ type }) => type === 'null');
    const text = this.#plain(notNull(schema), depth);
    return isNullable ? `${text} | null` : text;
  }

  #plain(schema: Schema, depth: number): string {
    if (schema.anyOf) return schema.anyOf.map((one) => this.#type(one, depth)).join(' | ');
    if (schema.const !== undefined) return union([schema.const]);
    if (schema.enum) {
      const text = union(schema.enum);
      return this.#named.get(text) ?? text;
    }
    switch ([schema.type].flat().find((type) => type !== 'null')) {
      case 'string':
        return 'string';
      case 'integer':
      case 'number':
        return 'number';
      case 'boolean':
        return 'boolean';
      case 'array': {
        const item = this.#type(schema.items ?? {}, depth);
        return /[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
      }
      case 'object': {
        const { additionalProperties: values } = schema;
        if (!schema.properties && typeof values === 'object') return `Record<string, ${this.#type(values, depth)}>`;
        return this.#named.get(this.#object(schema, 0)) ?? this.#object(schema, depth);
      }
      default:
        return 'unknown';
    }
  }
}

/** The schema of what is not null. */
function notNull(schema: Schema): Schema {
  if (schema.anyOf === undefined) return schema;
  const others = schema.anyOf.filter(({ type }) => type !== 'null');
  return others.length === 1 ? others[0]! : { ...schema, anyOf: others };
}

const quoted = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
const union = (values: readonly unknown[]): string => values.map(quoted).join(' | ');

/** What a reader of the type wants to know and the type does not say. */
function remarks(schema: Schema): string {
  const { description, deprecated, minimum, maximum, maxLength } = { ...notNull(schema), ...schema };
  const bounds =
    maximum === undefined ? (minimum === undefined ? [] : [`At least ${minimum}.`]) : [`${minimum} to ${maximum}.`];
  const length = maxLength === undefined ? [] : [`At most ${maxLength} characters.`];
  const text = description?.replace(/(?<![.:])$/, '.');
  return [...(deprecated ? ['@deprecated'] : []), ...(text ? [text] : []), ...bounds, ...length].join(' ');
}

function declaration(name: string, text: string, description?: string): string {
  const comment = description === undefined ? '' : `/** ${description.replace(/(?<!\.)$/, '.')} */\n`;
  if (text.startsWith('{')) return `${comment}export interface ${name} ${text}`;
  const line = `export type ${name} = ${text};`;
  const isLong = line.length > 120;
  return `${comment}${isLong ? `export type ${name} =\n  | ${text.replaceAll(' | ', '\n  | ')};` : line}`;
}

function filters(document: Document): string[] {
  return Object.entries(LISTS).map(([name, path]) => {
    const parameters = document.paths[path]?.get?.parameters ?? [];
    const names = parameters
      .map(({ $ref, ...own }) => ($ref ? document.components.parameters[$ref.split('/').at(-1) ?? ''] : own))
      .flatMap((parameter) => (parameter?.in === 'query' && parameter.name ? [parameter.name] : []))
      .filter((parameter) => !PAGING.has(parameter));
    return declaration(`${name}Filter`, names.length === 0 ? 'never' : union([...new Set(names)]));
  });
}

/** @param document what `docs/openapi.json` holds */
export function clientTypes(document: unknown): string {
  const known = document as Document;
  const { schemas } = known.components;
  const writer = new Writer(schemas);
  const parts = writer.parts();
  const names = Object.keys(schemas).filter((name) => {
    if (!name.endsWith('_chosen')) return true;
    // Says nothing new where it has the attributes of the whole object.
    const whole = schemas[name.replace(/_chosen$/, '')];
    return !whole || Object.keys(whole.properties ?? {}).join() !== Object.keys(schemas[name]?.properties ?? {}).join();
  });
  const header = `/**
 * Shapes on the wire, API v2. Names are the API's own; times are UTC ISO 8601 text without zone.
 * Generated from docs/openapi.json by scripts/generate-docs.ts; a test compares them.
 */`;
  return `${[header, ...parts, ...names.map((name) => writer.schema(name)), ...filters(known)].join('\n\n')}\n`;
}
