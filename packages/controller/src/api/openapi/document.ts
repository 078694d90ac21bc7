/** `GET /v2/openapi.json`: what this very release accepts and answers. It needs no token. */
import type { FastifyInstance } from 'fastify';
import type { JsonSchema } from '../attributes/value-type.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { VERSIONS } from '../discovery.ts';
import { applicationUrl } from '../origin.ts';
import { DESIRED_STATE_SCHEMAS, desiredStatePaths } from './desired-state.ts';
import { EVENT_SCHEMAS, eventPaths } from './events.ts';
import { HISTORY_SCHEMAS, historyPaths } from './history.ts';
import { OPERATION_SCHEMAS, operationPaths } from './operations.ts';
import { PARAMETERS } from './parameters.ts';
import { HEADERS, REFUSAL_RESPONSES, REFUSAL_SCHEMAS, refusals } from './refusals.ts';
import { RESOURCE_SCHEMAS, resourcePaths } from './resources.ts';
import { ROUTE_SCHEMAS, routePaths } from './route.ts';
import { VIEW_SCHEMAS, viewPaths } from './views.ts';

/** `/healthcheck` in the document: it speaks three formats, and only JSON has a shape. */
const TEXT: JsonSchema = { type: 'string' };

const RESULTS: JsonSchema = {
  type: 'object',
  required: ['detailed', 'reasons'],
  properties: { detailed: { type: 'boolean' }, reasons: { type: 'array', items: { type: ['string', 'object'] } } },
};

const results = (description: string) => ({
  description,
  content: {
    'text/plain': { schema: TEXT },
    'text/html': { schema: TEXT },
    'application/json': { schema: { ...RESULTS, additionalProperties: true } },
  },
});

const healthCheckPaths = (): Record<string, unknown> => ({
  '/healthcheck': {
    get: {
      operationId: 'healthcheck',
      summary: 'What the checks found; only where [api_settings] healthcheck_enabled',
      tags: ['discovery'],
      security: [],
      responses: {
        200: results('Everything works'),
        204: { description: 'There are no checks' },
        503: results('A check failed'),
        // Only this very spelling needs no token.
        ...refusals([400, 401, 404, 413, 500, 'default']),
      },
    },
  },
});

/** The `.json` suffix is optional on every URI; the router sees the path without it. */
export const OPENAPI_PATH = '/v2/openapi';

/** @param server address of the API, without a slash at its end */
export function openapiDocument(server = 'http://127.0.0.1:9876'): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Octavia API',
      version: (VERSIONS.at(-1)?.[0] ?? '').replace(/^v/, ''),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
    security: [{ token: [] }],
    paths: {
      ...viewPaths(),
      ...operationPaths(),
      ...eventPaths(),
      ...historyPaths(),
      ...routePaths(),
      ...desiredStatePaths(),
      ...resourcePaths(),
      ...healthCheckPaths(),
    },
    components: {
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Token',
          description: 'A token of Keystone. A service without authentication (auth_strategy = noauth) needs none.',
        },
      },
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: REFUSAL_RESPONSES,
      schemas: {
        ...RESOURCE_SCHEMAS,
        ...VIEW_SCHEMAS,
        ...OPERATION_SCHEMAS,
        ...EVENT_SCHEMAS,
        ...HISTORY_SCHEMAS,
        ...ROUTE_SCHEMAS,
        ...DESIRED_STATE_SCHEMAS,
        ...REFUSAL_SCHEMAS,
      },
    },
  };
}

/** Holds the place of the address in the text, which is made once. */
const SERVER = 'octavia:server';

export function openapi(server: FastifyInstance, { config }: ApiDependencies): void {
  const { enable_proxy_headers_parsing: believeProxy } = config.oslo_middleware;
  const base = config.api_settings.api_base_uri?.replace(/\/+$/, '');
  const [before = '', after = ''] = JSON.stringify(openapiDocument(SERVER)).split(JSON.stringify(SERVER));
  server.get(OPENAPI_PATH, async (request, reply) => {
    const address = JSON.stringify(base || applicationUrl(request, believeProxy));
    return reply.type('application/json').send(before + address + after);
  });
}
