import type { ComputeDriver } from '../../clouds/compute/interface.ts';
import { unsupportedReason } from '../../dataplane/haproxy/unsupported.ts';
import { ipVersion } from '../../domain/addresses.ts';
import { ONLY_ON_CONNECTIONLESS_POOLS } from '../../domain/validation/health-monitor.ts';
import { isTlsCapable } from '../../domain/validation/listener.ts';
import { isConnectionless } from '../../domain/validation/protocols.ts';
import type { TlsSettings } from '../../domain/validation/tls.ts';
import { OctaviaError } from '../../errors.ts';
import { areKnownCiphers } from '../../tls/ciphers.ts';
import type { Candidate } from '../interface.ts';

function refuse(detail: string | null): void {
  if (detail !== null) throw new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider: 'amphora', detail });
}

/**
 * A connectionless member is reached by its address alone, without a proxy that could speak both IP versions. In a pool that no
 * listener sends to it does no harm: the listener is refused then.
 */
function refuseMixedVersions({ loadBalancer, listeners = [], pools = [], members = [] }: Candidate): void {
  if (!loadBalancer) return;
  const { vip, additionalVips } = loadBalancer;
  const served = new Set([vip.address, ...additionalVips.map(({ ipAddress }) => ipAddress)].map(ipVersion));
  for (const { address, poolId } of members) {
    if (!listeners.some(({ defaultPoolId }) => defaultPoolId === poolId)) continue;
    const protocol = pools.find(({ id }) => id === poolId)?.protocol;
    if (protocol === undefined || !isConnectionless(protocol) || served.has(ipVersion(address))) continue;
    const version = `IPv${ipVersion(address)}`;
    refuse(
      `Amphora provider does not support ${version} members of ${protocol} pools on load balancers without an ${version} VIP.`,
    );
  }
}

/** Of the others TLS settings are kept, and have no effect. */
const speakingTls = ({ listeners = [], pools = [] }: Candidate): TlsSettings[] => [
  ...listeners.filter(isTlsCapable),
  ...pools.filter(({ tlsEnabled }) => tlsEnabled),
];

/** One list HAProxy cannot use, and it refuses the configuration of the whole load balancer. */
function refuseUnknownCiphers(candidate: Candidate): void {
  for (const { tlsCiphers } of speakingTls(candidate)) {
    if (tlsCiphers !== null && tlsCiphers !== '' && !areKnownCiphers(tlsCiphers)) {
      refuse(`Amphora provider does not support any of the ciphers ${tlsCiphers}.`);
    }
  }
}

/** The API knows the name; no OpenSSL that amphorae have speaks it. Beside a later version it is left out. */
function refuseSslv3Alone(candidate: Candidate): void {
  for (const { tlsVersions } of speakingTls(candidate)) {
    if (tlsVersions?.length && tlsVersions.every((version) => version === 'SSLv3')) {
      refuse('Amphora provider does not support SSLv3 without a later TLS version.');
    }
  }
}

/** What the provider refuses by contract, whatever its amphorae are. @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION */
export function refuseByContract(candidate: Candidate): void {
  const { listeners = [], pools = [], l7policies = [] } = candidate;
  for (const { id, protocol } of listeners) {
    if (l7policies.some(({ listenerId }) => listenerId === id)) refuse(unsupportedReason({ policyProtocol: protocol }));
  }
  for (const { lbAlgorithm } of pools) refuse(unsupportedReason({ algorithm: lbAlgorithm }));
  refuseMixedVersions(candidate);
}

function needsIpvs({ listeners = [], pools = [], healthMonitors = [] }: Candidate): boolean {
  return (
    [...listeners, ...pools].some(({ protocol }) => isConnectionless(protocol)) ||
    healthMonitors.some(({ type }) => ONLY_ON_CONNECTIONLESS_POOLS.includes(type))
  );
}

/**
 * What amphorae of this cloud cannot do, too, is refused at once, with the reason, instead of failing later.
 * @throws OctaviaError PROVIDER_UNSUPPORTED_OPTION, IPVS_MISSING
 */
export function refuseUnsupportedCandidate(candidate: Candidate, compute: Pick<ComputeDriver, 'ipvsMissing'>): void {
  refuseByContract(candidate);
  refuseUnknownCiphers(candidate);
  refuseSslv3Alone(candidate);
  if (!needsIpvs(candidate)) return;
  const detail = compute.ipvsMissing?.() ?? null;
  if (detail !== null) throw new OctaviaError('IPVS_MISSING', { provider: 'amphora', detail });
}
