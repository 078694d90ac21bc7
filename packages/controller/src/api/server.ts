/** The HTTP API as one Fastify instance. It listens where its owner says; everything it needs is passed in. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { OctaviaError } from '../errors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { discovery } from './discovery.ts';
import { sendFault } from './faults.ts';
import { healthCheck } from './health-check/health-check.ts';
import { createInstance } from './instance.ts';
import { openapi } from './openapi/document.ts';
import { networks } from './own-cloud/networks.ts';
import { projects } from './own-cloud/projects.ts';
import { requestHooks } from './request-hooks.ts';
import { operatorApi } from './v1/operator-api.ts';
import { amphorae } from './v2/amphorae.ts';
import { availabilityZoneProfiles } from './v2/availability-zone-profiles.ts';
import { availabilityZones } from './v2/availability-zones.ts';
import { desiredState } from './v2/desired-state.ts';
import { events } from './v2/events.ts';
import { flavorProfiles } from './v2/flavor-profiles.ts';
import { flavors } from './v2/flavors.ts';
import { healthMonitors } from './v2/health-monitors.ts';
import { histories } from './v2/history.ts';
import { l7policies } from './v2/l7policies.ts';
import { l7rules } from './v2/l7rules.ts';
import { listeners } from './v2/listeners.ts';
import { loadBalancers } from './v2/load-balancers.ts';
import { members } from './v2/members.ts';
import { allOperations, loadBalancerOperations } from './v2/operations.ts';
import { pools } from './v2/pools.ts';
import { providers } from './v2/providers.ts';
import { quotas } from './v2/quotas.ts';
import { routes } from './v2/route.ts';

/** What the last part of a path is, in the words of existing clients' messages; `id` unless it is something else. */
const PARTS: Readonly<Record<string, string>> = { project: 'project_id', name: 'availability_zone_name' };

/** Remembers every route, so that a known path with another method is 405 and not 404. */
class KnownPaths {
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(path: string, methods: readonly string[]): void {
    let route = this.#routes.get(path);
    if (!route) {
      const pattern = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+');
      route = { pattern: new RegExp(`^${pattern}$`), methods: new Set() };
      this.#routes.set(path, route);
    }
    for (const method of methods) route.methods.add(method);
  }

  /** The part that the path lacks to be one of an object that knows the method, as when a collection is to be deleted. */
  missingPart(path: string, method: string): string | null {
    const below = [...this.#routes].filter(
      ([, { pattern, methods }]) => methods.has(method) && pattern.test(`${path}/x`),
    );
    const [name] = below.flatMap(([route]) => /\/:(\w+)$/.exec(route)?.[1] ?? []);
    return name === undefined ? null : (PARTS[name] ?? 'id');
  }

  /** Methods of all routes that match the path; empty when nothing does. */
  methods(path: string): string[] {
    const matching = [...this.#routes.values()].filter((route) => route.pattern.test(path));
    return [...new Set(matching.flatMap((route) => [...route.methods]))].sort();
  }
}

/** The resources of API v2. */
export const RESOURCES = [
  loadBalancers,
  loadBalancerOperations,
  listeners,
  pools,
  members,
  healthMonitors,
  l7policies,
  l7rules,
  providers,
  quotas,
  flavors,
  flavorProfiles,
  availabilityZones,
  availabilityZoneProfiles,
  amphorae,
  allOperations,
  desiredState,
  events,
  histories,
  routes,
];

/** OpenStack Octavia's routes of single objects begin at the collection, so there it is the id that it misses. */
function faultOfUnknown(path: string, method: string, paths: KnownPaths, reply: FastifyReply): OctaviaError {
  const methods = paths.methods(path);
  if (methods.length === 0) return new OctaviaError('ROUTE_NOT_FOUND');
  const argument = method === 'PUT' || method === 'DELETE' ? paths.missingPart(path, method) : null;
  if (argument !== null) return new OctaviaError('MISSING_ARGUMENT', { argument });
  reply.header('allow', methods.join(', '));
  return new OctaviaError('METHOD_NOT_ALLOWED', { method });
}

export function buildServer(deps: ApiDependencies): FastifyInstance {
  const { api_settings, oslo_middleware } = deps.config;
  const server = createInstance(deps);

  const paths = new KnownPaths();
  server.addHook('onRoute', ({ url, method }) => paths.add(url, Array.isArray(method) ? method : [method]));
  server.setNotFoundHandler((request, reply) => {
    const fault = faultOfUnknown((request.raw.url ?? '').split('?')[0] ?? '', request.method, paths, reply);
    return sendFault(fault, request, reply, oslo_middleware.max_request_body_size);
  });

  requestHooks(server, deps);
  for (const part of [discovery, healthCheck, openapi, networks, projects, ...RESOURCES]) part(server, deps);
  if (api_settings.api_v1_enabled) operatorApi(server, deps, RESOURCES);
  return server;
}
