/** What HAProxy cannot serve, in the tenant's words. UDP and SCTP, which the kernel balances, must not get this far. */
import type { HealthMonitorType, LbAlgorithm, ListenerProtocol, PoolProtocol } from '../../domain/resources.ts';
import { OctaviaError } from '../../errors.ts';

/** The properties of a listener, pool or health monitor that decide; give those that it has. */
export interface Feature {
  /** Protocol of a listener that has L7 policies. */
  policyProtocol?: ListenerProtocol;
  poolProtocol?: PoolProtocol;
  algorithm?: LbAlgorithm;
  monitorType?: HealthMonitorType;
}

const POOL_PROTOCOLS: readonly PoolProtocol[] = ['HTTP', 'TCP', 'HTTPS', 'PROXY', 'PROXYV2'];
const MONITOR_TYPES: readonly HealthMonitorType[] = ['HTTP', 'HTTPS', 'PING', 'TCP', 'TLS-HELLO'];

const sentence = (what: string): string => `Amphora provider does not support ${what}.`;

/** Null when the data plane can do it, else the sentence for the tenant (the detail of `PROVIDER_UNSUPPORTED_OPTION`). */
export function unsupportedReason(feature: Feature): string | null {
  const { policyProtocol, poolProtocol, algorithm, monitorType } = feature;
  if (policyProtocol !== undefined && policyProtocol !== 'HTTP' && policyProtocol !== 'TERMINATED_HTTPS') {
    return sentence(`L7 policies on ${policyProtocol} listeners`);
  }
  if (poolProtocol !== undefined && !POOL_PROTOCOLS.includes(poolProtocol)) return sentence(`${poolProtocol} pools`);
  if (algorithm === 'SOURCE_IP_PORT') return sentence('SOURCE_IP_PORT algorithm');
  if (monitorType !== undefined && !MONITOR_TYPES.includes(monitorType)) {
    return sentence(`${monitorType} health monitors`);
  }
  return null;
}

/** The error for a row that the API should not have let in; rendering something else instead would hide it. */
export function refuseUnsupported(feature: Feature): OctaviaError {
  return new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', {
    provider: 'amphora',
    detail: unsupportedReason(feature) ?? 'unknown feature',
  });
}
