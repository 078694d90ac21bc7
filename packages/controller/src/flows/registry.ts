/** Every flow by kind and version. A released version stays here until no operation of it can be in flight. */
import type { Operation, OperationKind } from '../domain/operations.ts';
import { OctaviaError } from '../errors.ts';
import { amphoraFlows } from './amphora.ts';
import { desiredStateFlows, healthMonitorFlows, l7Flows, listenerFlows, memberFlows, poolFlows } from './children.ts';
import type { Flow } from './flow.ts';
import { loadBalancerFlows } from './load-balancer.ts';
import { FLOW_VERSION } from './version.ts';

export { FLOW_VERSION };

export const FLOWS: readonly Flow[] = [
  ...loadBalancerFlows,
  ...listenerFlows,
  ...poolFlows,
  ...memberFlows,
  ...desiredStateFlows,
  ...healthMonitorFlows,
  ...l7Flows,
  ...amphoraFlows,
];

const byKind = new Map(FLOWS.map((entry) => [`${entry.kind} ${entry.version}`, entry]));

/** Whether this release can carry out changes of the kind. */
export const hasFlow = (kind: OperationKind): boolean => byKind.has(`${kind} ${FLOW_VERSION}`);

/** @throws OctaviaError OPERATION_ABANDONED when this release does not know the operation's flow version */
export function flowOf(operation: Operation): Flow {
  const found = byKind.get(`${operation.kind} ${operation.flowVersion}`);
  if (!found) {
    const detail = `this release has no flow ${operation.kind} version ${operation.flowVersion}`;
    throw new OctaviaError('OPERATION_ABANDONED', { id: operation.id, detail });
  }
  return found;
}
