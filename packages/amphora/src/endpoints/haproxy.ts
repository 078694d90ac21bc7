/**
 * `PUT /1.0/loadbalancer/{amphora}/{loadbalancer}/haproxy`, `GET /1.0/loadbalancer/{loadbalancer}/haproxy`, and
 * `GET …/sessions` beside it.
 */

import type { AgentSessions, HaproxyUploaded } from '@octavia/protocol/agent-api';
import { InvalidConfigurationError } from '../haproxy/load-balancer.ts';
import { isUuid } from '../haproxy/paths.ts';
import { AnswerError, ok } from '../http/answer.ts';
import { LARGE_BODY } from '../http/body.ts';
import type { Route } from '../http/router.ts';
import type { AgentContext } from './context.ts';

export function haproxyRoutes({ settings, supervisor, certificates, metrics, transition }: AgentContext): Route[] {
  return [
    {
      method: 'PUT',
      path: '/1.0/loadbalancer/:amphoraId/:id/haproxy',
      handle: async ({ params, body }) => {
        const { amphoraId = '', id = '' } = params;
        if (amphoraId !== settings.amphoraId) throw invalid(`This amphora is ${settings.amphoraId}`);
        if (!isUuid(id)) throw invalid('The load balancer id is not a UUID');
        transition.requireNone();
        const configuration = await body(LARGE_BODY);
        return supervisor.change(id, async (service) => {
          try {
            const uploaded = await service.store(configuration);
            await metrics.follow(id, configuration.toString('utf8'));
            const stored = (await certificates.list(id)).length;
            const running = await service.runningHash();
            const answer: HaproxyUploaded = { message: 'OK', uploaded, running, certificates: stored };
            return ok(201, answer);
          } catch (error) {
            throw error instanceof InvalidConfigurationError ? invalid(error.message) : error;
          }
        });
      },
    },
    {
      method: 'GET',
      path: '/1.0/loadbalancer/:id/haproxy',
      handle: async ({ params }) => {
        const { id = '' } = params;
        const stored = await supervisor.find(id)?.stored();
        if (stored) return ok(200, stored.toString('utf8'));
        throw unknown(id);
      },
    },
    {
      method: 'GET',
      path: '/1.0/loadbalancer/:id/sessions',
      handle: async ({ params }) => {
        const { id = '' } = params;
        const service = supervisor.find(id);
        if (service === null) throw unknown(id);
        const answer: AgentSessions = { message: 'OK', ...(await service.sessions()) };
        return ok(200, answer);
      },
    },
  ];
}

function unknown(id: string): AnswerError {
  return new AnswerError(404, { message: 'Loadbalancer Not Found', details: `No loadbalancer with UUID: ${id}` });
}

function invalid(details: string): AnswerError {
  return new AnswerError(400, { message: 'Invalid request', details });
}
