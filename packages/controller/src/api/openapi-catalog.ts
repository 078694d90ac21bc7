/** The part of the OpenAPI document about quotas, the operator's offer, capabilities, failover and amphorae. */
import { AMPHORA } from './attributes/amphora.ts';
import { AVAILABILITY_ZONE, AVAILABILITY_ZONE_PROFILE } from './attributes/availability-zone.ts';
import { FLAVOR, FLAVOR_PROFILE } from './attributes/flavor.ts';
import { queryableFields } from './attributes/query.ts';
import { LISTED_QUOTA, QUOTA } from './attributes/quota.ts';
import type { JsonSchema } from './attributes/value-type.ts';
import { filterParameters, objectSchema } from './openapi-schemas.ts';

export const CATALOG_RESOURCES = [
  { path: '/v2/lbaas/flavors', wrapper: 'flavor', plural: 'flavors', title: 'flavor', table: FLAVOR },
  {
    path: '/v2/lbaas/flavorprofiles',
    wrapper: 'flavorprofile',
    plural: 'flavorprofiles',
    links: 'flavorprofile_links',
    title: 'flavor profile',
    table: FLAVOR_PROFILE,
  },
  {
    path: '/v2/lbaas/availabilityzones',
    key: 'name',
    wrapper: 'availability_zone',
    plural: 'availability_zones',
    title: 'availability zone',
    table: AVAILABILITY_ZONE,
  },
  {
    path: '/v2/lbaas/availabilityzoneprofiles',
    wrapper: 'availability_zone_profile',
    plural: 'availability_zone_profiles',
    links: 'availability_zone_profile_links',
    title: 'availability zone profile',
    table: AVAILABILITY_ZONE_PROFILE,
  },
] as const;

export const CATALOG_SCHEMAS: Record<string, JsonSchema> = {
  quota: objectSchema(QUOTA, 'response'),
  quota_update: objectSchema(QUOTA, 'update'),
  listed_quota: objectSchema(LISTED_QUOTA, 'response'),
  amphora: objectSchema(AMPHORA, 'response'),
  amphora_statistics: {
    type: 'object',
    properties: Object.fromEntries([
      ...['id', 'listener_id', 'loadbalancer_id'].map((name) => [name, { type: 'string', format: 'uuid' }]),
      ...['active_connections', 'bytes_in', 'bytes_out', 'request_errors', 'total_connections'].map((name) => [
        name,
        { type: 'integer' },
      ]),
    ]),
  },
  capability: { type: 'object', properties: { name: { type: 'string' }, description: { type: 'string' } } },
};

const json = (schema: JsonSchema) => ({ content: { 'application/json': { schema } } });
const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({ type: 'object', properties });
const list = (name: string): JsonSchema => ({ type: 'array', items: reference(name) });

/** @param schema of the body of the answer; none: no body */
function operation(operationId: string, summary: string, status: number, schema?: JsonSchema, more: object = {}) {
  const description = status === 202 ? 'Accepted' : 'OK';
  return {
    operationId,
    summary,
    ...more,
    responses: {
      [status]: { description, ...(schema ? json(schema) : {}) },
      default: { description: 'Refused', ...json(reference('fault')) },
    },
  };
}

const parameters = (...names: string[]) => ({
  parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
});

export function catalogPaths(): Record<string, unknown> {
  const quota = object({ quota: reference('quota') });
  const change = { requestBody: { required: true, ...json(object({ quota: reference('quota_update') })) } };
  const quotaFilters = { parameters: filterParameters(queryableFields(LISTED_QUOTA)) };
  const amphoraFilters = { parameters: filterParameters(queryableFields(AMPHORA)) };
  const quotas = '/v2/lbaas/quotas';
  const providers = '/v2/lbaas/providers/{provider}';
  const amphorae = '/v2/octavia/amphorae';
  const capabilities = (key: string, of: string) => ({
    ...parameters('provider'),
    get: operation(`list_${key}`, `List what ${of} of a provider may say`, 200, object({ [key]: list('capability') })),
  });
  return {
    [quotas]: {
      get: operation(
        'list_quotas',
        'List quotas that are set',
        200,
        object({ quotas: list('listed_quota'), quotas_links: list('link') }),
        quotaFilters,
      ),
    },
    [`${quotas}/defaults`]: { get: operation('default_quota', 'Show the quota of the deployment', 200, quota) },
    [`${quotas}/{project}`]: {
      ...parameters('project'),
      get: operation('show_quota', 'Show the quota of a project', 200, quota),
      put: operation('update_quota', 'Change the quota of a project', 202, quota, change),
      delete: operation('delete_quota', 'Give a project the quota of the deployment', 202),
    },
    [`${quotas}/{project}/default`]: {
      ...parameters('project'),
      get: operation('default_quota_of_project', 'Show the quota of the deployment', 200, quota),
    },
    [`${providers}/flavor_capabilities`]: capabilities('flavor_capabilities', 'flavors'),
    [`${providers}/availability_zone_capabilities`]: capabilities(
      'availability_zone_capabilities',
      'availability zones',
    ),
    '/v2/lbaas/loadbalancers/{id}/failover': {
      ...parameters('id'),
      put: operation('failover_loadbalancer', 'Replace everything that serves a load balancer', 202),
    },
    [amphorae]: {
      get: operation(
        'list_amphorae',
        'List amphorae',
        200,
        object({ amphorae: list('amphora'), amphorae_links: list('link') }),
        amphoraFilters,
      ),
    },
    [`${amphorae}/{id}`]: {
      ...parameters('id'),
      get: operation('show_amphora', 'Show an amphora', 200, object({ amphora: reference('amphora') })),
      delete: operation('delete_amphora', 'Delete an amphora that serves nobody', 204),
    },
    [`${amphorae}/{id}/stats`]: {
      ...parameters('id'),
      get: operation(
        'amphora_stats',
        'Traffic counters of an amphora, per listener',
        200,
        object({ amphora_stats: list('amphora_statistics') }),
      ),
    },
    [`${amphorae}/{id}/config`]: {
      ...parameters('id'),
      put: operation('configure_amphora', 'Have the agent read its configuration again', 202),
    },
    [`${amphorae}/{id}/failover`]: {
      ...parameters('id'),
      put: operation('failover_amphora', 'Replace an amphora', 202),
    },
  };
}
