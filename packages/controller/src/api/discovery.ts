import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';
import { applicationUrl } from './origin.ts';

/** Version → when it appeared. The list informs only: every field of every version is always served. */
/** Oldest first. */
export const VERSIONS: readonly [id: string, updated: string][] = [
  ['v2.0', '2016-12-11T00:00:00Z'],
  ['v2.1', '2018-04-20T00:00:00Z'],
  ['v2.2', '2018-07-31T00:00:00Z'],
  ['v2.3', '2018-12-18T00:00:00Z'],
  ['v2.4', '2018-12-19T00:00:00Z'],
  ['v2.5', '2019-01-21T00:00:00Z'],
  ['v2.6', '2019-01-25T00:00:00Z'],
  // Earlier than its predecessor in the list of OpenStack Octavia as well; clients compare ids, not times.
  ['v2.7', '2018-01-25T12:00:00Z'],
  ['v2.8', '2019-02-12T00:00:00Z'],
  ['v2.9', '2019-03-04T00:00:00Z'],
  ['v2.10', '2019-03-05T00:00:00Z'],
  ['v2.11', '2019-06-24T00:00:00Z'],
  ['v2.12', '2019-09-11T00:00:00Z'],
  ['v2.13', '2019-09-13T00:00:00Z'],
  ['v2.14', '2019-11-10T00:00:00Z'],
  ['v2.15', '2020-03-10T00:00:00Z'],
  ['v2.16', '2020-03-15T00:00:00Z'],
  ['v2.17', '2020-04-29T00:00:00Z'],
  ['v2.18', '2020-04-29T01:00:00Z'],
  ['v2.19', '2020-05-12T00:00:00Z'],
  ['v2.20', '2020-08-02T00:00:00Z'],
  ['v2.21', '2020-09-03T00:00:00Z'],
  ['v2.22', '2020-09-04T00:00:00Z'],
  ['v2.23', '2020-09-07T00:00:00Z'],
  ['v2.24', '2020-10-15T00:00:00Z'],
  ['v2.25', '2021-10-02T00:00:00Z'],
  ['v2.26', '2022-08-29T00:00:00Z'],
  ['v2.27', '2023-05-05T00:00:00Z'],
  ['v2.28', '2023-11-08T00:00:00Z'],
  ['v2.29', '2024-10-15T00:00:00Z'],
  ['v2.30', '2025-02-26T00:00:00Z'],
];

function versionList(applicationAddress: string) {
  return VERSIONS.map(([id, updated], index) => ({
    id,
    status: index === VERSIONS.length - 1 ? 'CURRENT' : 'SUPPORTED',
    updated,
    links: [{ href: `${applicationAddress}/v2`, rel: 'self' }],
  }));
}

/** The older API, where it is enabled. */
function operatorVersion(applicationAddress: string) {
  const links = [{ href: `${applicationAddress}/v1`, rel: 'self' }];
  return { id: 'v1', status: 'DEPRECATED', updated: '2014-12-11T00:00:00Z', links };
}

export function discovery(server: FastifyInstance, { config }: ApiDependencies): void {
  const { enable_proxy_headers_parsing: believeProxy } = config.oslo_middleware;
  const { api_v1_enabled: withV1 } = config.api_settings;
  server.get('/', async (request) => {
    const address = applicationUrl(request, believeProxy);
    return { versions: [...(withV1 ? [operatorVersion(address)] : []), ...versionList(address)] };
  });
  for (const path of ['/v2', '/v2/lbaas', '/v2/octavia']) {
    server.get(path, async (_request, reply) => reply.type('application/json').send('"v2"'));
  }
}
