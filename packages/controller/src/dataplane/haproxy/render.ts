import type { HaproxyConfig, Section } from '@octavia/haproxy-config/tree';
import type { Amphora, HealthMonitor, Listener, LoadBalancerTree, Pool } from '../../domain/resources.ts';
import {
  below,
  needsCertificates,
  servedDefaultPool,
  servedListeners,
  servedPolicies,
  servedPools,
} from '../../domain/serving.ts';
import { backendSection } from './backend.ts';
import { frontendSection } from './frontend.ts';
import { defaultsSection, globalSection } from './global.ts';
import { asksForPath } from './l7-paths.ts';
import type { HaproxyOptions } from './options.ts';
import { peersSection, sharesTables } from './peers.ts';
import { prometheusSections } from './prometheus.ts';
import type { RenderScope } from './scope.ts';
import { NO_TLS_FILES, type TlsFiles } from './tls-files.ts';
import { type Feature, refuseUnsupported, unsupportedReason } from './unsupported.ts';

export interface RenderedConfig extends HaproxyConfig {
  /** False when no listener is to be served: HAProxy must then be stopped, it refuses to run without a frontend. */
  readonly serves: boolean;
}

function requireSupported(feature: Feature): void {
  if (unsupportedReason(feature) !== null) throw refuseUnsupported(feature);
}

function activeMonitor(tree: LoadBalancerTree, pool: Pool): HealthMonitor | null {
  const monitors = below(tree.healthMonitors, (monitor) => monitor.poolId, pool.id);
  return monitors.find((monitor) => monitor.adminStateUp) ?? null;
}

function poolSection(scope: RenderScope, listener: Listener, pool: Pool): Section {
  const { tree } = scope;
  const { protocol: poolProtocol, lbAlgorithm: algorithm } = pool;
  requireSupported({ poolProtocol, algorithm });
  const monitor = activeMonitor(tree, pool);
  if (monitor !== null) requireSupported({ monitorType: monitor.type });
  const members = below(tree.members, (member) => member.poolId, pool.id);
  return backendSection(scope, listener, pool, members, monitor);
}

/**
 * The configuration of one amphora. Pure: the same rows in any order give the same tree.
 *
 * @param files names of the certificates in the amphora; a TLS listener without any is left out
 * @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION for a row that this data plane cannot serve
 * @throws OctaviaError UNSAFE_CONFIGURATION_VALUE for an address or code list that is none
 */
export function renderLoadBalancer(
  tree: LoadBalancerTree,
  amphora: Amphora,
  options: HaproxyOptions,
  files: TlsFiles = NO_TLS_FILES,
): RenderedConfig {
  const scope: RenderScope = { tree, amphora, options, files };
  const listeners = servedListeners(tree).filter(
    (listener) => !needsCertificates(listener) || files.listeners.has(listener.id),
  );
  const proxies = listeners.flatMap((listener) => {
    const policies = servedPolicies(tree, listener);
    if (policies.length > 0) requireSupported({ policyProtocol: listener.protocol });
    const pool = servedDefaultPool(tree, listener);
    const frontend = frontendSection(scope, listener, policies, pool);
    return [frontend, ...servedPools(tree, listener).map((used) => poolSection(scope, listener, used))];
  });
  const pools = listeners.flatMap((listener) => servedPools(tree, listener));
  const pings = pools.some((pool) => activeMonitor(tree, pool)?.type === 'PING');
  const readsPaths = listeners.some((listener) =>
    servedPolicies(tree, listener).some(({ rules }) => rules.some(asksForPath)),
  );
  return {
    sections: [
      globalSection(scope, listeners, { pings, readsPaths }),
      ...(sharesTables(tree, amphora) ? [peersSection(tree)] : []),
      defaultsSection(options),
      ...proxies,
      ...prometheusSections(listeners, options),
    ],
    serves: listeners.length > 0,
  };
}
