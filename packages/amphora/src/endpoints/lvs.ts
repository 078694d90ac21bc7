/**
 * `PUT` and `GET /1.0/listeners/{amphora}/{listener}/udp_listener`: UDP and SCTP listeners, which the kernel balances
 * (IPVS). A kernel without it is told apart here, before anything is stored.
 */

import type { ConfigurationUploaded } from '@octavia/protocol/agent-api';
import { isUuid } from '../haproxy/paths.ts';
import { type Answer, AnswerError, ok } from '../http/answer.ts';
import { LARGE_BODY } from '../http/body.ts';
import type { AgentRequest, Route } from '../http/router.ts';
import { KeepalivedError } from '../keepalived/process.ts';
import type { AgentContext } from './context.ts';

const PATH = '/1.0/listeners/:amphoraId/:id/udp_listener';

export function lvsRoutes(context: AgentContext): Route[] {
  return [
    { method: 'PUT', path: PATH, handle: (request) => upload(context, request) },
    {
      method: 'GET',
      path: PATH,
      handle: async ({ params }) => {
        const stored = await context.lvs.find(params.id ?? '')?.stored();
        if (stored) return ok(200, stored.toString('utf8'));
        const details = `No listener with UUID: ${params.id}`;
        throw new AnswerError(404, { message: 'UDP Listener Not Found', details });
      },
    },
  ];
}

const invalid = (details: string): AnswerError => new AnswerError(400, { message: 'Invalid request', details });

async function upload(context: AgentContext, { params, body }: AgentRequest): Promise<Answer> {
  const { settings, transition, lvs, ipvs } = context;
  const { amphoraId = '', id = '' } = params;
  if (amphoraId !== settings.amphoraId) throw invalid(`This amphora is ${settings.amphoraId}`);
  if (!isUuid(id)) throw invalid('The listener id is not a UUID');
  const details = await ipvs.missing();
  if (details !== null) {
    throw new AnswerError(400, { message: 'UDP and SCTP listeners are not possible here', details });
  }
  transition.requireNone();
  const configuration = await body(LARGE_BODY);
  return lvs.change(id, async (listener) => {
    try {
      const uploaded = await listener.store(configuration);
      const answer: ConfigurationUploaded = { message: 'OK', uploaded, running: await listener.runningHash() };
      return ok(200, answer);
    } catch (error) {
      throw error instanceof KeepalivedError ? invalid(error.message) : error;
    }
  });
}
