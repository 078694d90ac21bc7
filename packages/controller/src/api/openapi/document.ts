/** `GET /v2/openapi.json`: what this very release accepts and answers. It needs no token. */
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { VERSIONS } from '../discovery.ts';
import { applicationUrl } from '../origin.ts';
import { healthCheckPaths } from './health-check.ts';
import { OPERATION_SCHEMAS, operationPaths } from './operations.ts';
import { PARAMETERS } from './parameters.ts';
import { HEADERS, REFUSAL_RESPONSES, REFUSAL_SCHEMAS } from './refusals.ts';
import { RESOURCE_SCHEMAS, resourcePaths } from './resources.ts';
import { VIEW_SCHEMAS, viewPaths } from './views.ts';

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
    paths: { ...viewPaths(), ...operationPaths(), ...resourcePaths(), ...healthCheckPaths() },
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
      schemas: { ...RESOURCE_SCHEMAS, ...VIEW_SCHEMAS, ...OPERATION_SCHEMAS, ...REFUSAL_SCHEMAS },
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
