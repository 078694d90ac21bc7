/** `PUT /1.0/config`: stores a new agent configuration and takes over the options that may change at run time. */
import { AnswerError, ok } from '../http/answer.ts';
import { SMALL_BODY } from '../http/body.ts';
import type { Route } from '../http/router.ts';
import { messageOf } from '../log.ts';
import type { AgentContext } from './context.ts';

export function configRoutes(context: AgentContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/config',
      handle: async ({ body }) => {
        const text = (await body(SMALL_BODY)).toString('utf8');
        try {
          await context.replaceConfiguration(text);
        } catch (error) {
          const message = 'Unable to update amphora-agent configuration.';
          throw new AnswerError(500, { message, details: messageOf(error) });
        }
        return ok(202, { message: 'OK' });
      },
    },
  ];
}
