/** Every flow by kind and version. A released version stays here until no operation of it can be in flight. */
import type { Operation, OperationKind } from '../domain/operations.ts';
import { OctaviaError } from '../errors.ts';
import * as settlement from '../store/settlement.ts';
import type { Flow, Step } from './flow.ts';
import { applyConfiguration } from './steps/apply-configuration.ts';
import { buildAmphora } from './steps/build-amphora.ts';
import { plugMemberNetworks, unplugMemberNetworks } from './steps/plug-member-networks.ts';
import { releaseVip } from './steps/release-vip.ts';
import { removeAmphorae } from './steps/remove-amphora.ts';

export const FLOW_VERSION = 1;

const flow = (kind: OperationKind, steps: Flow['steps'], succeed: Flow['succeed'] = settlement.succeed): Flow => ({
  kind,
  version: FLOW_VERSION,
  steps,
  succeed,
});

/** Children differ in what the API wrote before; making it so is the same for all of them. */
const configure: Step[] = [applyConfiguration];
const configureMembers: Step[] = [plugMemberNetworks, applyConfiguration, unplugMemberNetworks];

const FLOWS: Flow[] = [
  flow('create_load_balancer', (operation) => [
    ...buildAmphora(operation, 0, 'STANDALONE'),
    plugMemberNetworks,
    applyConfiguration,
  ]),
  flow('update_load_balancer', () => configure),
  flow('delete_load_balancer', () => [removeAmphorae, releaseVip], settlement.deleted),
  flow('create_listener', () => configure),
  flow('update_listener', () => configure),
  flow('delete_listener', () => configure),
  flow('create_pool', () => configure),
  flow('update_pool', () => configure),
  flow('delete_pool', () => configureMembers),
  flow('create_member', () => configureMembers),
  flow('update_member', () => configure),
  flow('delete_member', () => configureMembers),
  flow('batch_update_members', () => configureMembers),
  flow('create_health_monitor', () => configure),
  flow('update_health_monitor', () => configure),
  flow('delete_health_monitor', () => configure),
  flow('create_l7policy', () => configure),
  flow('update_l7policy', () => configure),
  flow('delete_l7policy', () => configure),
  flow('create_l7rule', () => configure),
  flow('update_l7rule', () => configure),
  flow('delete_l7rule', () => configure),
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
