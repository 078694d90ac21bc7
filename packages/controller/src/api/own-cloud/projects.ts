/**
 * Without an identity service clients still ask for the project they are told to use. Every name is one, and its own id.
 */
import type { FastifyInstance } from 'fastify';
import type { IdentityDriver } from '../../clouds/identity/interface.ts';
import type { Store } from '../../store/core/database.ts';
import { listProjects } from '../../store/resources/projects.ts';
import { queryOf } from '../urls.ts';

const project = (id: string) => ({
  id,
  name: id,
  domain_id: 'default',
  parent_id: 'default',
  description: '',
  enabled: true,
  is_domain: false,
  tags: [],
  options: {},
  links: { self: `/v3/projects/${encodeURIComponent(id)}` },
});

interface Needed {
  identity: Pick<IdentityDriver, 'trustsEverybody'>;
  store: Pick<Store, 'db'>;
}

export function projects(server: FastifyInstance, { identity, store }: Needed): void {
  if (!identity.trustsEverybody) return;
  for (const path of ['/projects', '/v3/projects']) {
    server.get(path, async (request) => {
      const name = new URLSearchParams(queryOf(request.raw.url ?? '')).get('name');
      const ids = name === null ? await listProjects(store.db) : [name];
      return { projects: ids.map(project), links: { next: null, previous: null } };
    });
    server.get<{ Params: { id: string } }>(`${path}/:id`, async ({ params }) => ({ project: project(params.id) }));
  }
}
