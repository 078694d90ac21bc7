/**
 * `PUT /1.0/loadbalancer/{id}/{start|stop|reload}`: the HAProxy of a load balancer, or the keepalived of a UDP or SCTP
 * listener.
 */

import { type ActionDone, LOAD_BALANCER_ACTIONS, type LoadBalancerAction } from '@octavia/protocol/agent-api';
import { HaproxyError } from '../haproxy/process.ts';
import { AnswerError, ok } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import { KeepalivedError } from '../keepalived/process.ts';
import type { AgentContext } from './context.ts';

const ERROR_MESSAGE: Record<LoadBalancerAction, string> = {
  start: 'Error starting',
  stop: 'Error stopping',
  reload: 'Error reload_config',
};

type Done = Pick<ActionDone, 'details' | 'applied'>;

const APPLIED = {
  started: 'start',
  reloaded: 'reload',
  'changed while running': 'runtime',
  unchanged: 'none',
} as const;
const WORDS = {
  start: 'started',
  reload: 'reloaded',
  runtime: 'updated without a reload',
  none: 'started',
  stop: 'stopped',
} as const;

export function loadBalancerRoutes(context: AgentContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/loadbalancer/:id/:action',
      handle: async ({ params }) => {
        const { id = '', action: word = '' } = params;
        const action = LOAD_BALANCER_ACTIONS.find((name) => name === word.toLowerCase());
        if (action === undefined) {
          throw new AnswerError(400, { message: 'Invalid Request', details: `Unknown action: ${word}` });
        }
        const isLvs = context.lvs.find(id) !== null;
        if (!isLvs && context.supervisor.find(id) === null) {
          throw new AnswerError(404, { message: 'Listener Not Found', details: `No loadbalancer with UUID: ${id}` });
        }
        context.transition.requireNone();
        return ok(202, { message: 'OK', ...(await (isLvs ? runLvs : run)(context, id, action)) });
      },
    },
  ];
}

async function run({ supervisor, state }: AgentContext, id: string, action: LoadBalancerAction): Promise<Done> {
  const found = await supervisor.find(id)?.found();
  try {
    return await supervisor.change(id, async (service) => {
      if (action === 'stop') {
        // First the wish, then the deed: the watch must not start again what is being stopped.
        await state.setDesired(id, 'stopped');
        await service.stop();
        return { details: `haproxy daemon for ${id} stopped`, applied: 'stop' };
      }
      // `start` of something that runs makes sure it runs with the stored configuration; `reload` of that very one reloads.
      const outcome = APPLIED[await service.activate(action === 'reload', found)];
      await state.setDesired(id, 'running');
      const details = `Configuration file is valid\nhaproxy daemon for ${id} ${WORDS[outcome]}`;
      return { details, applied: outcome };
    });
  } catch (error) {
    if (error instanceof HaproxyError) {
      throw new AnswerError(500, { message: `${ERROR_MESSAGE[action]} haproxy`, details: error.message });
    }
    throw error;
  }
}

async function runLvs({ lvs, state }: AgentContext, id: string, action: LoadBalancerAction): Promise<Done> {
  try {
    return await lvs.change(id, async (listener) => {
      if (action === 'stop') {
        await state.setDesired(id, 'stopped');
        await listener.stop();
        return { details: `keepalived for ${id} stopped`, applied: 'stop' };
      }
      const applied = await listener.activate(action === 'reload');
      await state.setDesired(id, 'running');
      return { details: `keepalived for ${id} ${WORDS[applied]}`, applied };
    });
  } catch (error) {
    if (error instanceof KeepalivedError) {
      throw new AnswerError(500, { message: `${ERROR_MESSAGE[action]} keepalived`, details: error.message });
    }
    throw error;
  }
}
