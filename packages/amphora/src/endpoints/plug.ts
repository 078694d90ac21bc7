/** `POST /1.0/plug/vip/{ip}` and `POST /1.0/plug/network`. */
import type { PlugVipRequest } from '@octavia/protocol/agent-api';
import { type Answer, AnswerError, ok } from '../http/answer.ts';
import { parseObject, SMALL_BODY } from '../http/body.ts';
import type { AgentRequest, Route } from '../http/router.ts';
import { type InterfacePlan, PlanError, planNetwork, planVip, planVipOfPort } from '../network/interface-plan.ts';
import { parseIp } from '../network/ip-address.ts';
import { InterfaceNotFoundError, NO_INTERFACE } from '../network/plugger.ts';
import { CommandError, outputOf } from '../system/run.ts';
import type { AgentContext } from './context.ts';
import { readPlugNetwork, readPlugVip, ShapeError } from './plug-request.ts';

export function plugRoutes(context: AgentContext): Route[] {
  return [
    { method: 'POST', path: '/1.0/plug/vip/:ip', handle: (request) => plugVip(context, request) },
    { method: 'POST', path: '/1.0/plug/network', handle: (request) => plugNetwork(context, request) },
  ];
}

async function plugVip(context: AgentContext, { params, body }: AgentRequest): Promise<Answer> {
  context.transition.requireNone();
  const ip = parseIp(params.ip ?? '');
  if (ip === null) throw new AnswerError(400, { message: 'Invalid VIP' });
  const fields = parseObject(await body(SMALL_BODY));
  const plan = await plug(context, 'Invalid subnet information', 'Error plugging VIP', (makeReady) => {
    const request = readPlugVip(fields ?? {});
    return makeReady(request.mac_address, (name) => planVip(ip.text, request, name, isStandby(context, request)));
  });
  return ok(202, { message: 'OK', details: `VIP ${ip.text} plugged on interface ${plan.name}` });
}

async function plugNetwork(context: AgentContext, { body }: AgentRequest): Promise<Answer> {
  context.transition.requireNone();
  const fields = parseObject(await body(SMALL_BODY));
  const plan = await plug(context, 'Invalid network information', 'Error plugging Port', (makeReady) => {
    const request = readPlugNetwork(fields ?? {});
    const { vip_net_info: info } = request;
    if (info === undefined) return makeReady(request.mac_address, (name) => planNetwork(request, name));
    return makeReady(request.mac_address, (name) => planVipOfPort(info, request, name, isStandby(context, info)));
  });
  return ok(202, { message: 'OK', details: `Plugged interface ${plan.name}` });
}

/** Whether keepalived holds the VIPs. */
const isStandby = ({ mutable }: AgentContext, { keepalived }: Pick<PlugVipRequest, 'keepalived'>): boolean =>
  keepalived ?? mutable().loadbalancerTopology === 'ACTIVE_STANDBY';

type MakeReady = (mac: string, makePlan: (name: string) => InterfacePlan) => Promise<InterfacePlan>;

async function plug(
  { plugger, supervisor, lvs, vrrp }: AgentContext,
  invalid: string,
  failed: string,
  work: (makeReady: MakeReady) => Promise<InterfacePlan>,
): Promise<InterfacePlan> {
  try {
    const plan = await work((mac, makePlan) => plugger.plug(mac.toLowerCase(), makePlan));
    supervisor.kick();
    lvs.kick();
    vrrp.kick();
    return plan;
  } catch (error) {
    if (error instanceof ShapeError || error instanceof PlanError) {
      throw new AnswerError(400, { message: invalid, details: error.message });
    }
    if (error instanceof InterfaceNotFoundError) {
      throw new AnswerError(404, { message: NO_INTERFACE, details: error.message });
    }
    if (error instanceof CommandError) {
      throw new AnswerError(500, { message: failed, details: outputOf(error.result) });
    }
    throw error;
  }
}
