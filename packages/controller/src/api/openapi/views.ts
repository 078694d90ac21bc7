/** What is looked at, or asked for as a whole: discovery, counters, status trees, quotas, providers, amphorae. */

import { HEALTH_MONITOR_TYPES } from '../../domain/resources.ts';
import { OPERATING_STATUSES, PROVISIONING_STATUSES } from '../../domain/statuses.ts';
import { AMPHORA } from '../attributes/amphora.ts';
import { queryableFields } from '../attributes/query.ts';
import { LISTED_QUOTA, QUOTA } from '../attributes/quota.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { CHANGING, operation } from './operation.ts';
import { FIELDS, filter, listParameters } from './parameters.ts';
import { answerSchema, chosenSchema, list, reference, requestSchema, whole } from './schemas.ts';

const TEXT: JsonSchema = { type: 'string' };
const NUMBER: JsonSchema = { type: 'integer' };
const COUNTERS = {
  active_connections: NUMBER,
  bytes_in: NUMBER,
  bytes_out: NUMBER,
  request_errors: NUMBER,
  total_connections: NUMBER,
};

const STATUS = {
  id: uuid.schema,
  name: TEXT,
  operating_status: { type: 'string', enum: [...OPERATING_STATUSES] },
  provisioning_status: { type: 'string', enum: [...PROVISIONING_STATUSES] },
};

/** Where there is no monitor there is no word of it. */
const poolStatus = whole({ ...STATUS, members: list('member_status') });

const CAPABILITY = { name: TEXT, description: TEXT };

export const VIEW_SCHEMAS: Record<string, JsonSchema> = {
  link: whole({ rel: TEXT, href: TEXT }),
  version: whole({
    id: TEXT,
    status: { type: 'string', enum: ['CURRENT', 'SUPPORTED', 'DEPRECATED'] },
    updated: { type: 'string', format: 'date-time' },
    links: list('link'),
  }),
  statistics: whole(COUNTERS),
  loadbalancer_status: whole({ ...STATUS, listeners: list('listener_status') }),
  listener_status: whole({ ...STATUS, pools: list('pool_status') }),
  pool_status: {
    ...poolStatus,
    properties: { ...(poolStatus.properties as object), health_monitor: reference('healthmonitor_status') },
  },
  member_status: whole({ ...STATUS, address: TEXT, protocol_port: NUMBER }),
  healthmonitor_status: whole({ ...STATUS, type: { type: 'string', enum: [...HEALTH_MONITOR_TYPES] } }),
  quota: answerSchema(QUOTA),
  quota_update: requestSchema(QUOTA, 'update'),
  listed_quota: answerSchema(LISTED_QUOTA),
  amphora_chosen: chosenSchema(AMPHORA),
  amphora_statistics: whole({ id: uuid.schema, listener_id: uuid.schema, loadbalancer_id: uuid.schema, ...COUNTERS }),
  capability_chosen: {
    type: 'object',
    description: 'All attributes, or those that `fields` names.',
    properties: CAPABILITY,
  },
};

function discovery(): Record<string, unknown> {
  const name = (path: string, id: string, summary: string) => ({
    [path]: {
      get: operation(path, {
        id,
        summary,
        tag: 'discovery',
        answer: { status: 200, schema: { type: 'string', const: 'v2' } },
      }),
    },
  });
  return {
    '/': {
      get: operation('/', {
        id: 'list_versions',
        summary: 'List API versions',
        tag: 'discovery',
        answer: { status: 200, schema: whole({ versions: list('version') }) },
        open: true,
        // Other spellings of the path need a token.
        refused: [401],
      }),
    },
    ...name('/v2', 'api_root', 'Name of the API'),
    ...name('/v2/lbaas', 'lbaas_root', 'Name of the API, below its first part'),
    ...name('/v2/octavia', 'octavia_root', 'Name of the API, below its second part'),
    '/v2/openapi.json': {
      get: operation('/v2/openapi.json', {
        id: 'openapi',
        summary: 'This document',
        tag: 'discovery',
        answer: { status: 200, schema: { type: 'object', required: ['openapi', 'info', 'paths'] } },
        open: true,
      }),
    },
  };
}

function trafficAndStatus(): Record<string, unknown> {
  const stats = (kind: string, tag: string) => {
    const path = `/v2/lbaas/${kind}s/{id}/stats`;
    const answer = { status: 200, schema: whole({ stats: reference('statistics') }) };
    return {
      [path]: {
        get: operation(path, { id: `${kind}_stats`, summary: 'Traffic counters', tag, answer, refused: [404] }),
      },
    };
  };
  const status = (name: string, id: string, old?: true) => {
    const path = `/v2/lbaas/loadbalancers/{id}/${name}`;
    const schema = whole({ statuses: whole({ loadbalancer: reference('loadbalancer_status') }) });
    return {
      [path]: {
        get: operation(path, {
          id,
          summary: 'Statuses of a load balancer and of everything below it',
          tag: 'load balancers',
          answer: { status: 200, schema },
          refused: [404],
          ...(old ? { deprecated: true as const } : {}),
        }),
      },
    };
  };
  const failover = '/v2/lbaas/loadbalancers/{id}/failover';
  return {
    ...stats('loadbalancer', 'load balancers'),
    ...stats('listener', 'listeners'),
    ...status('status', 'loadbalancer_status'),
    ...status('statuses', 'loadbalancer_statuses', true),
    [failover]: {
      put: operation(failover, {
        id: 'failover_loadbalancer',
        summary: 'Replace everything that serves a load balancer',
        tag: 'load balancers',
        answer: { status: 202 },
        refused: [404, ...CHANGING],
      }),
    },
  };
}

function quotas(): Record<string, unknown> {
  const tag = 'quotas';
  const path = '/v2/lbaas/quotas';
  const one = `${path}/{project}`;
  const quota = whole({ quota: reference('quota') });
  const show = (at: string, id: string, summary: string) =>
    operation(at, { id, summary, tag, answer: { status: 200, schema: quota } });
  return {
    [path]: {
      get: operation(path, {
        id: 'list_quotas',
        summary: 'List quotas that are set',
        tag,
        query: listParameters(queryableFields(LISTED_QUOTA)),
        answer: { status: 200, schema: whole({ quotas: list('listed_quota'), quotas_links: list('link') }) },
      }),
    },
    [`${path}/defaults`]: { get: show(`${path}/defaults`, 'default_quota', 'Show the quota of the deployment') },
    [one]: {
      get: show(one, 'show_quota', 'Show the quota of a project'),
      put: operation(one, {
        id: 'update_quota',
        summary: 'Change the quota of a project',
        tag,
        body: { schema: { ...whole({ quota: reference('quota_update') }), additionalProperties: false } },
        answer: { status: 202, schema: quota },
      }),
      delete: operation(one, {
        id: 'delete_quota',
        summary: 'Give a project the quota of the deployment',
        tag,
        answer: { status: 202 },
        refused: [404],
      }),
    },
    [`${one}/default`]: { get: show(`${one}/default`, 'default_quota_of_project', 'Show the quota of the deployment') },
  };
}

function providers(): Record<string, unknown> {
  const tag = 'providers';
  const path = '/v2/lbaas/providers';
  const capabilities = (key: string, of: string) => {
    const at = `${path}/{name}/${key}`;
    return {
      [at]: {
        get: operation(at, {
          id: `list_${key}`,
          summary: `List what ${of} of a provider may say`,
          tag,
          query: [...FIELDS, filter('name'), filter('description')],
          answer: { status: 200, schema: whole({ [key]: list('capability_chosen') }) },
          refused: [501],
        }),
      },
    };
  };
  return {
    [path]: {
      get: operation(path, {
        id: 'list_providers',
        summary: 'List enabled providers',
        tag,
        query: FIELDS,
        answer: { status: 200, schema: whole({ providers: list('capability_chosen') }) },
      }),
    },
    ...capabilities('flavor_capabilities', 'flavors'),
    ...capabilities('availability_zone_capabilities', 'availability zones'),
  };
}

function amphorae(): Record<string, unknown> {
  const tag = 'amphorae';
  const path = '/v2/octavia/amphorae';
  const one = `${path}/{id}`;
  const put = (verb: string, summary: string) => ({
    [`${one}/${verb}`]: {
      put: operation(`${one}/${verb}`, {
        id: `${verb === 'config' ? 'configure' : verb}_amphora`,
        summary,
        tag,
        answer: { status: 202 },
        refused: [404, ...CHANGING],
      }),
    },
  });
  return {
    [path]: {
      get: operation(path, {
        id: 'list_amphorae',
        summary: 'List amphorae',
        tag,
        query: listParameters(queryableFields(AMPHORA)),
        answer: { status: 200, schema: whole({ amphorae: list('amphora_chosen'), amphorae_links: list('link') }) },
      }),
    },
    [one]: {
      get: operation(one, {
        id: 'show_amphora',
        summary: 'Show an amphora',
        tag,
        query: FIELDS,
        answer: { status: 200, schema: whole({ amphora: reference('amphora_chosen') }) },
        refused: [404],
      }),
      delete: operation(one, {
        id: 'delete_amphora',
        summary: 'Delete an amphora that serves nobody',
        tag,
        answer: { status: 204 },
        refused: [404, ...CHANGING],
      }),
    },
    [`${one}/stats`]: {
      get: operation(`${one}/stats`, {
        id: 'amphora_stats',
        summary: 'Traffic counters of an amphora, per listener',
        tag,
        answer: { status: 200, schema: whole({ amphora_stats: list('amphora_statistics') }) },
        refused: [404],
      }),
    },
    ...put('config', 'Have the agent read its configuration again'),
    ...put('failover', 'Replace an amphora'),
  };
}

export const viewPaths = (): Record<string, unknown> => ({
  ...discovery(),
  ...trafficAndStatus(),
  ...quotas(),
  ...providers(),
  ...amphorae(),
});
