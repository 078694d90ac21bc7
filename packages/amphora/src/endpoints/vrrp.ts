/** `PUT /1.0/vrrp/upload` and `PUT /1.0/vrrp/{start|stop|reload}`. */

import { type ConfigurationUploaded, VRRP_ACTIONS, type VrrpAction } from '@octavia/protocol/agent-api';
import { type Answer, AnswerError, ok } from '../http/answer.ts';
import { SMALL_BODY } from '../http/body.ts';
import type { AgentRequest, Route } from '../http/router.ts';
import { KeepalivedError } from '../keepalived/process.ts';
import type { AgentContext } from './context.ts';

const DONE: Record<VrrpAction, string> = { start: 'started', stop: 'stopped', reload: 'reloaded' };

export function vrrpRoutes(context: AgentContext): Route[] {
  return [
    { method: 'PUT', path: '/1.0/vrrp/upload', handle: (request) => upload(context, request) },
    { method: 'PUT', path: '/1.0/vrrp/:action', handle: (request) => act(context, request) },
  ];
}

async function upload({ vrrp }: AgentContext, { body }: AgentRequest): Promise<Answer> {
  const configuration = await body(SMALL_BODY);
  try {
    const uploaded = await vrrp.store(configuration);
    const answer: ConfigurationUploaded = { message: 'OK', uploaded, running: await vrrp.runningHash() };
    return ok(200, answer);
  } catch (error) {
    if (!(error instanceof KeepalivedError)) throw error;
    const message = 'Failed to upload keepalived configuration.';
    throw new AnswerError(500, { message, details: error.message });
  }
}

async function act({ vrrp }: AgentContext, { params }: AgentRequest): Promise<Answer> {
  const word = params.action ?? '';
  const action = VRRP_ACTIONS.find((name) => name === word.toLowerCase());
  if (action === undefined) {
    throw new AnswerError(400, { message: 'Invalid Request', details: `Unknown action: ${word}` });
  }
  try {
    await vrrp.act(action);
  } catch (error) {
    if (!(error instanceof KeepalivedError)) throw error;
    const message = `Failed to ${action} keepalived service: ${error.message}`;
    throw new AnswerError(500, { message, details: error.message });
  }
  return ok(202, { message: 'OK', details: `keepalived ${DONE[action]}` });
}
