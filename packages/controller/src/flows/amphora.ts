import type { Operation } from '../domain/operations.ts';
import type { FlowPart } from './flow.ts';
import { rotateCertificate, updateAgentConfiguration } from './steps/agent.ts';
import { configureAll, configureNew, forgetReplaced } from './steps/apply-configuration.ts';
import { amphoraIdOf, bootAmphora, takeIntoService } from './steps/build-amphora.ts';
import { plugMemberNetworksInto } from './steps/plug-member-networks.ts';
import { plugVip, readyVip } from './steps/plug-vip.ts';
import { removeOne } from './steps/remove-amphora.ts';
import { condemnFailed, fenceFailed, roleInPlaceOf } from './steps/replace.ts';
import { waitUntilPassable } from './steps/until-passable.ts';
import { checkVipPort } from './steps/vip-port.ts';
import { applyVrrpToAll } from './steps/vrrp.ts';
import { flow } from './version.ts';

/** The replacement is built before the failed amphora goes; its peer, which may be dead too, is told when it answers. */
function failover(operation: Operation): FlowPart[] {
  const { resourceId: failed, input } = operation;
  // It belongs to no load balancer: there is nothing to replace.
  if (input.topology === undefined) return [removeOne(failed, false)];
  const id = amphoraIdOf(operation, 0);
  const role = (context: Parameters<typeof roleInPlaceOf>[0]) => roleInPlaceOf(context, failed);
  const serve =
    input.topology === 'SINGLE'
      ? [readyVip(id), waitUntilPassable(id), configureNew(id), fenceFailed(failed, id), plugVip(id)]
      : [plugVip(id), waitUntilPassable(id), configureNew(id)];
  const tellOthers = input.topology === 'SINGLE' ? [forgetReplaced] : [configureAll([id]), applyVrrpToAll([id])];
  return [
    condemnFailed(failed),
    checkVipPort,
    ...bootAmphora({ id, role, purpose: 'failover' }),
    plugMemberNetworksInto(id),
    ...serve,
    takeIntoService(id),
    removeOne(failed, false),
    ...tellOthers,
  ];
}

export const amphoraFlows = [
  flow('failover_amphora', 'Replaces one amphora of a load balancer.', failover),
  flow('delete_amphora', 'Removes an amphora that serves nobody.', ({ resourceId }) => [removeOne(resourceId, true)]),
  flow(
    'rotate_amphora_certificate',
    'Gives the agent of an amphora a fresh server certificate; its load balancer notices nothing.',
    ({ resourceId }) => [rotateCertificate(resourceId)],
  ),
  flow('update_amphora_configuration', 'Sends the agent of an amphora its configuration anew.', ({ resourceId }) => [
    updateAgentConfiguration(resourceId),
  ]),
];
