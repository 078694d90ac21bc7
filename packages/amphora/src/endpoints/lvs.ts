/**
 * `PUT` and `GET /1.0/listeners/{amphora}/{listener}/udp_listener`: UDP and SCTP listeners, which the kernel balances
 * (IPVS). A kernel without it is told apart here, before anything is stored.
 */
import { type Answer, AnswerError } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import { ipvsMissing } from '../lvs/ipvs.ts';
import type { AgentContext } from './context.ts';

const PATH = '/1.0/listeners/:amphoraId/:id/udp_listener';

export function lvsRoutes(context: AgentContext): Route[] {
  return [
    { method: 'PUT', path: PATH, handle: () => refuse(context) },
    {
      method: 'GET',
      path: PATH,
      handle: async ({ params }) => {
        const details = `No listener with UUID: ${params.id}`;
        throw new AnswerError(404, { message: 'UDP Listener Not Found', details });
      },
    },
  ];
}

async function refuse({ namespace }: AgentContext): Promise<Answer> {
  const details = (await ipvsMissing(namespace)) ?? 'This release of the agent serves TCP and HTTP listeners only';
  throw new AnswerError(400, { message: 'UDP and SCTP listeners are not possible here', details });
}
