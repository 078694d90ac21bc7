/** `GET /v2/openapi.json`: what this very release accepts and answers. */
import type { FastifyInstance } from 'fastify';
import { HEALTH_MONITOR } from './attributes/health-monitor.ts';
import { L7POLICY } from './attributes/l7-policy.ts';
import { L7RULE } from './attributes/l7-rule.ts';
import { LISTENER } from './attributes/listener.ts';
import { LOAD_BALANCER } from './attributes/load-balancer.ts';
import { MEMBER } from './attributes/member.ts';
import { OPERATION } from './attributes/operation.ts';
import { POOL } from './attributes/pool.ts';
import { queryableFields } from './attributes/query.ts';
import type { AttributeTable } from './attributes/table.ts';
import type { JsonSchema } from './attributes/value-type.ts';
import { VERSIONS } from './discovery.ts';
import { CATALOG_RESOURCES, CATALOG_SCHEMAS, catalogPaths } from './openapi-catalog.ts';
import { filterParameters, objectSchema } from './openapi-schemas.ts';

interface ResourceDescription {
  path: string;
  wrapper: string;
  plural: string;
  title: string;
  /** Key of the links of a page, when it is not `<plural>_links`. */
  links?: string;
  /** What items are found by, when it is not their id. */
  key?: string;
  /** When an s does not make the plural. */
  titles?: string;
  table: AttributeTable;
}

const RESOURCES: readonly ResourceDescription[] = [
  {
    path: '/v2/lbaas/loadbalancers',
    wrapper: 'loadbalancer',
    plural: 'loadbalancers',
    title: 'load balancer',
    table: LOAD_BALANCER,
  },
  { path: '/v2/lbaas/listeners', wrapper: 'listener', plural: 'listeners', title: 'listener', table: LISTENER },
  { path: '/v2/lbaas/pools', wrapper: 'pool', plural: 'pools', title: 'pool', table: POOL },
  { path: '/v2/lbaas/pools/{pool}/members', wrapper: 'member', plural: 'members', title: 'member', table: MEMBER },
  {
    path: '/v2/lbaas/healthmonitors',
    wrapper: 'healthmonitor',
    plural: 'healthmonitors',
    title: 'health monitor',
    table: HEALTH_MONITOR,
  },
  {
    path: '/v2/lbaas/l7policies',
    wrapper: 'l7policy',
    plural: 'l7policies',
    title: 'layer 7 policy',
    titles: 'layer 7 policies',
    table: L7POLICY,
  },
  {
    path: '/v2/lbaas/l7policies/{policy}/rules',
    wrapper: 'rule',
    plural: 'rules',
    title: 'layer 7 rule',
    table: L7RULE,
  },
  ...CATALOG_RESOURCES,
];

const json = (schema: JsonSchema) => ({ content: { 'application/json': { schema } } });
const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const wrapped = (wrapper: string, schema: JsonSchema): JsonSchema => ({
  type: 'object',
  required: [wrapper],
  properties: { [wrapper]: schema },
});

const FAULT: JsonSchema = {
  type: 'object',
  required: ['faultcode', 'faultstring'],
  properties: {
    faultcode: { type: 'string', enum: ['Client', 'Server'] },
    faultstring: { type: 'string' },
    debuginfo: { type: ['string', 'null'] },
  },
};

const STATISTICS: JsonSchema = wrapped('stats', {
  type: 'object',
  properties: Object.fromEntries(
    ['active_connections', 'bytes_in', 'bytes_out', 'request_errors', 'total_connections'].map((name) => [
      name,
      { type: 'integer' },
    ]),
  ),
});

const pathParameters = (path: string): JsonSchema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function paths({
  path,
  wrapper,
  plural,
  title,
  titles = `${title}s`,
  links = `${plural}_links`,
  key = 'id',
  table,
}: ResourceDescription): Record<string, unknown> {
  const one = wrapped(wrapper, reference(wrapper));
  const item = `${path}/{${key}}`;
  const page = {
    type: 'object',
    properties: {
      [plural]: { type: 'array', items: reference(wrapper) },
      [links]: { type: 'array', items: reference('link') },
    },
  };
  const fault = { default: { description: 'Refused', ...json(reference('fault')) } };
  const answer = (status: number, description: string, schema?: JsonSchema) => ({
    responses: { [status]: { description, ...(schema ? json(schema) : {}) }, ...fault },
  });
  const body = (use: 'create' | 'update') => ({
    requestBody: { required: true, ...json(wrapped(wrapper, reference(`${wrapper}_${use}`))) },
  });
  return {
    [path]: {
      parameters: pathParameters(path),
      get: {
        operationId: `list_${plural}`,
        summary: `List ${titles}`,
        parameters: filterParameters(queryableFields(table)),
        ...answer(200, 'One page', page),
      },
      post: {
        operationId: `create_${wrapper}`,
        summary: `Create a ${title}`,
        ...body('create'),
        ...answer(201, 'Accepted', one),
      },
    },
    [item]: {
      parameters: pathParameters(item),
      get: { operationId: `show_${wrapper}`, summary: `Show a ${title}`, ...answer(200, 'The object', one) },
      put: {
        operationId: `update_${wrapper}`,
        summary: `Change a ${title}`,
        ...body('update'),
        ...answer(200, 'Accepted', one),
      },
      delete: { operationId: `delete_${wrapper}`, summary: `Delete a ${title}`, ...answer(204, 'Accepted') },
    },
  };
}

type DescribeGet = (operationId: string, summary: string, path: string, schema: JsonSchema) => Record<string, unknown>;

/** For operators; the original has nothing like it. */
function operationPaths(get: DescribeGet): Record<string, unknown> {
  const list = '/v2/octavia/operations';
  const one = `${list}/{id}`;
  const schema = objectSchema(OPERATION, 'response');
  const verb = (name: string, summary: string) => {
    const path = `${one}/${name}`;
    const properties = { reason: { type: 'string' }, status: { type: 'string', enum: ['ACTIVE', 'ERROR'] } };
    return {
      [path]: {
        parameters: pathParameters(path),
        put: {
          operationId: `${name}_operation`,
          summary,
          requestBody: { required: false, ...json(wrapped('operation', { type: 'object', properties })) },
          responses: {
            202: { description: 'Accepted', ...json(wrapped('operation', schema)) },
            default: { description: 'Refused', ...json(reference('fault')) },
          },
        },
      },
    };
  };
  return {
    [list]: get(
      'list_operations',
      'List operations of all projects',
      list,
      wrapped('operations', { type: 'array', items: schema }),
    ),
    [one]: get('show_operation', 'Show an operation with its steps', one, wrapped('operation', schema)),
    ...verb('resume', 'Carry out a failed operation again'),
    ...verb('abandon', 'Stop an operation and undo it'),
    ...verb('reset', 'Set the statuses that an operation left, by hand'),
  };
}

function extraPaths(): Record<string, unknown> {
  const get = (operationId: string, summary: string, path: string, schema: JsonSchema) => ({
    parameters: pathParameters(path),
    get: { operationId, summary, responses: { 200: { description: 'OK', ...json(schema) } } },
  });
  const stats = (kind: string) => `/v2/lbaas/${kind}s/{id}/stats`;
  const status = '/v2/lbaas/loadbalancers/{id}/status';
  const operations = '/v2/lbaas/loadbalancers/{id}/operations';
  const providers = '/v2/lbaas/providers';
  const described = { type: 'object', properties: { name: { type: 'string' }, description: { type: 'string' } } };
  return {
    '/': get('list_versions', 'List API versions', '/', { type: 'object' }),
    [stats('loadbalancer')]: get('loadbalancer_stats', 'Traffic counters', stats('loadbalancer'), STATISTICS),
    [stats('listener')]: get('listener_stats', 'Traffic counters', stats('listener'), STATISTICS),
    [status]: get('loadbalancer_status', 'Status tree', status, { type: 'object' }),
    [operations]: get(
      'loadbalancer_operations',
      'Running and past operations with their steps',
      operations,
      wrapped('operations', { type: 'array', items: { type: 'object' } }),
    ),
    ...operationPaths(get),
    [providers]: get(
      'list_providers',
      'List enabled providers',
      providers,
      wrapped('providers', { type: 'array', items: described }),
    ),
  };
}

export function openapiDocument(): Record<string, unknown> {
  const schemas: Record<string, JsonSchema> = {
    ...CATALOG_SCHEMAS,
    fault: FAULT,
    link: { type: 'object', properties: { rel: { type: 'string' }, href: { type: 'string' } } },
  };
  const described: Record<string, unknown> = {};
  for (const resource of RESOURCES) {
    schemas[resource.wrapper] = objectSchema(resource.table, 'response');
    schemas[`${resource.wrapper}_create`] = objectSchema(resource.table, 'create');
    schemas[`${resource.wrapper}_update`] = objectSchema(resource.table, 'update');
    Object.assign(described, paths(resource));
  }
  const batch = described['/v2/lbaas/pools/{pool}/members'] as Record<string, unknown>;
  batch.put = {
    operationId: 'batch_update_members',
    summary: 'Replace the members of a pool',
    parameters: [{ name: 'additive_only', in: 'query', schema: { type: 'boolean' } }],
    requestBody: { required: true, ...json(wrapped('members', { type: 'array', items: reference('member_create') })) },
    responses: { 202: { description: 'Accepted' }, default: { description: 'Refused', ...json(reference('fault')) } },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Octavia API', version: (VERSIONS.at(-1)?.[0] ?? '').replace(/^v/, '') },
    paths: { ...extraPaths(), ...catalogPaths(), ...described },
    components: { schemas },
  };
}

export function openapi(server: FastifyInstance): void {
  const document = JSON.stringify(openapiDocument());
  // The `.json` suffix is optional on every URI; the router sees the path without it.
  server.get('/v2/openapi', async (_request, reply) => reply.type('application/json').send(document));
}
