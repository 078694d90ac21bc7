/** `GET /1.0/interface/{ip}`: the interface that holds an address. */

import type { AgentInterface } from '@octavia/protocol/agent-api';
import { AnswerError, ok } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import { parseIp } from '../network/ip-address.ts';
import type { AgentContext } from './context.ts';

export function interfaceRoutes({ namespace }: AgentContext): Route[] {
  return [
    {
      method: 'GET',
      path: '/1.0/interface/:ip',
      handle: async ({ params }) => {
        const ip = parseIp(params.ip ?? '');
        if (ip === null) throw new AnswerError(400, { message: 'Bad IP address version' });
        for (const [name, addresses] of await namespace.addresses()) {
          if (name !== 'lo' && addresses.some((address) => parseIp(address.address)?.text === ip.text)) {
            const answer: AgentInterface = { message: 'OK', interface: name };
            return ok(200, answer);
          }
        }
        throw new AnswerError(404, { message: 'Error interface not found for IP address' });
      },
    },
  ];
}
