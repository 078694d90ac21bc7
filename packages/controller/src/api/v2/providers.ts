import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import type { Capability } from '../../providers/interface.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { selectedFields } from '../lists/parameters.ts';
import { authorise } from '../policy/authorise.ts';
import { parameter, queryParameters } from './request.ts';

const PATH = '/v2/lbaas/providers';

/** What a query may say besides filters; none of it means anything for lists without pages. */
const CONTROL = new Set(['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'fields', 'page_reverse']);

export function providers(server: FastifyInstance, { config, providers: registry }: ApiDependencies): void {
  const { api_settings: settings } = config;

  const shown = (request: FastifyRequest, entries: Capability[]) => {
    const fields = selectedFields(queryParameters(request), settings);
    return entries.map((entry) =>
      Object.fromEntries(Object.entries(entry).filter(([name]) => !fields || fields.includes(name))),
    );
  };

  /** @throws OctaviaError INVALID_FILTER */
  const filtered = (request: FastifyRequest, entries: Capability[]) => {
    if (!settings.allow_filtering) return entries;
    const wanted = [...queryParameters(request)].filter(([name]) => !CONTROL.has(name));
    const names = wanted.map(([name]) => name);
    const unknown = names.some((name) => name !== 'name' && name !== 'description');
    if (unknown || new Set(names).size < names.length) throw new OctaviaError('INVALID_FILTER');
    return entries.filter((entry) => wanted.every(([name, value]) => entry[name as keyof Capability] === value));
  };

  server.get(PATH, async (request) => {
    authorise(request, 'provider:get_all');
    return { providers: shown(request, registry.list()) };
  });

  // Known, and nothing to be had there (PV-LIST).
  server.get(`${PATH}/:name`, async ({ method }) => {
    throw new OctaviaError('METHOD_NOT_ALLOWED', { method });
  });

  server.get(`${PATH}/:name/flavor_capabilities`, async (request) => {
    authorise(request, 'provider-flavor:get_all');
    const all = await registry.get(parameter(request, 'name')).flavorCapabilities();
    return { flavor_capabilities: shown(request, filtered(request, all)) };
  });

  server.get(`${PATH}/:name/availability_zone_capabilities`, async (request) => {
    authorise(request, 'provider-availability-zone:get_all');
    const all = await registry.get(parameter(request, 'name')).availabilityZoneCapabilities();
    return { availability_zone_capabilities: shown(request, filtered(request, all)) };
  });
}
