import type { Amphora, HealthMonitor, Listener, LoadBalancerTree, Pool } from '../../domain/resources.ts';
import { backendSection } from './backend.ts';
import type { HaproxyConfig, Section } from './config.ts';
import { frontendSection } from './frontend.ts';
import { defaultsSection, globalSection } from './global.ts';
import type { HaproxyOptions } from './options.ts';
import { inOrder, servedDefaultPool, servedListeners, servedPolicies, servedPools } from './serving.ts';
import { type Feature, refuseUnsupported, unsupportedReason } from './unsupported.ts';

function requireSupported(feature: Feature, options: HaproxyOptions): void {
  if (unsupportedReason(feature, options.pingCommand !== null) !== null) throw refuseUnsupported(feature);
}

function activeMonitor(tree: LoadBalancerTree, pool: Pool): HealthMonitor | null {
  const monitors = inOrder(tree.healthMonitors).filter((monitor) => monitor.poolId === pool.id && monitor.adminStateUp);
  return monitors[0] ?? null;
}

function poolSection(tree: LoadBalancerTree, listener: Listener, pool: Pool, options: HaproxyOptions): Section {
  const { protocol: poolProtocol, lbAlgorithm: algorithm, tlsEnabled } = pool;
  requireSupported({ poolProtocol, algorithm, tlsEnabled }, options);
  const monitor = activeMonitor(tree, pool);
  if (monitor !== null) requireSupported({ monitorType: monitor.type }, options);
  const members = inOrder(tree.members).filter((member) => member.poolId === pool.id);
  return backendSection(tree.loadBalancer, listener, pool, members, monitor, options);
}

/**
 * The configuration of one amphora. Pure: the same rows in any order give the same tree.
 *
 * @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION for a row that this data plane cannot serve
 * @throws OctaviaError UNSAFE_CONFIGURATION_VALUE for an address or code list that is none
 */
export function renderLoadBalancer(tree: LoadBalancerTree, amphora: Amphora, options: HaproxyOptions): HaproxyConfig {
  const listeners = servedListeners(tree);
  const proxies = listeners.flatMap((listener) => {
    requireSupported({ listenerProtocol: listener.protocol }, options);
    const policies = servedPolicies(tree, listener);
    if (policies.length > 0) requireSupported({ policyProtocol: listener.protocol }, options);
    const pool = servedDefaultPool(tree, listener);
    const frontend = frontendSection(tree.loadBalancer, listener, policies, pool, options);
    return [frontend, ...servedPools(tree, listener).map((used) => poolSection(tree, listener, used, options))];
  });
  const pools = listeners.flatMap((listener) => servedPools(tree, listener));
  const pings = pools.some((pool) => activeMonitor(tree, pool)?.type === 'PING');
  return {
    sections: [globalSection(tree, amphora, listeners, pings, options), defaultsSection, ...proxies],
    serves: listeners.length > 0,
  };
}
