import { unsupportedReason } from '../../dataplane/haproxy/unsupported.ts';
import { OctaviaError } from '../../errors.ts';
import type { Candidate } from '../interface.ts';

/** What HAProxy amphorae cannot do is refused at once, with the reason, instead of failing later. @throws OctaviaError */
export function refuseUnsupportedCandidate(candidate: Candidate): void {
  const { listeners = [], pools = [], healthMonitors = [], l7policies = [] } = candidate;
  const features = [
    ...listeners.map(({ protocol }) => ({ listenerProtocol: protocol })),
    ...listeners
      .filter(({ id }) => l7policies.some(({ listenerId }) => listenerId === id))
      .map(({ protocol }) => ({ policyProtocol: protocol })),
    ...pools.map(({ protocol, lbAlgorithm }) => ({ poolProtocol: protocol, algorithm: lbAlgorithm })),
    ...healthMonitors.map(({ type }) => ({ monitorType: type })),
  ];
  for (const feature of features) {
    const detail = unsupportedReason(feature);
    if (detail !== null) throw new OctaviaError('PROVIDER_UNSUPPORTED_OPTION', { provider: 'amphora', detail });
  }
}
