/** The HTTP API as one Fastify instance. It listens where its owner says; everything it needs is passed in. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { OctaviaError } from '../errors.ts';
import type { ApiDependencies } from './dependencies.ts';
import { discovery } from './discovery.ts';
import { sendFault } from './faults.ts';
import { healthCheck } from './health-check/health-check.ts';
import { createInstance } from './instance.ts';
import { KnownPaths } from './known-paths.ts';
import { openapi } from './openapi/document.ts';
import { networks } from './own-cloud/networks.ts';
import { projects } from './own-cloud/projects.ts';
import { requestHooks } from './request-hooks.ts';
import { operatorApi } from './v1/operator-api.ts';
import { amphorae } from './v2/amphorae.ts';
import { availabilityZoneProfiles } from './v2/availability-zone-profiles.ts';
import { availabilityZones } from './v2/availability-zones.ts';
import { flavorProfiles } from './v2/flavor-profiles.ts';
import { flavors } from './v2/flavors.ts';
import { healthMonitors } from './v2/health-monitors.ts';
import { l7policies } from './v2/l7policies.ts';
import { l7rules } from './v2/l7rules.ts';
import { listeners } from './v2/listeners.ts';
import { loadBalancers } from './v2/load-balancers.ts';
import { members } from './v2/members.ts';
import { allOperations, loadBalancerOperations } from './v2/operations.ts';
import { pools } from './v2/pools.ts';
import { providers } from './v2/providers.ts';
import { quotas } from './v2/quotas.ts';

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
  for (const routes of [discovery, healthCheck, openapi, networks, projects, ...RESOURCES]) routes(server, deps);
  if (api_settings.api_v1_enabled) operatorApi(server, deps, RESOURCES);
  return server;
}
