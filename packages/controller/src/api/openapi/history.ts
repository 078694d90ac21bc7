/** Histories in the document. Ours alone. */
import { OPERATING_STATUSES } from '../../domain/statuses.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { operation } from './operation.ts';
import { filter, parameter } from './parameters.ts';
import { choice, list, MOMENT, nullable, whole } from './schemas.ts';

const NUMBERS: JsonSchema = { type: 'array', items: { type: 'number' } };

export const HISTORY_SCHEMAS: Record<string, JsonSchema> = {
  health_transition: whole({
    member_id: uuid.schema,
    at: MOMENT,
    operating_status: choice(OPERATING_STATUSES),
    reason: nullable({ type: 'string' }),
  }),
  listener_history: whole({
    listener_id: uuid.schema,
    begins_at: MOMENT,
    bytes_in: NUMBERS,
    bytes_out: NUMBERS,
    total_connections: NUMBERS,
    request_errors: NUMBERS,
    active_connections: NUMBERS,
  }),
};

export function historyPaths(): Record<string, unknown> {
  const path = '/v2/octavia/loadbalancers/{id}/history';
  const tag = 'load balancers';
  return {
    [`${path}/health`]: {
      get: operation(`${path}/health`, {
        id: 'loadbalancer_health_history',
        summary: 'When members changed their operating status, and why; newest first, 30 days and 100 of each member',
        tag,
        query: [
          filter('member_id'),
          parameter('limit', 'Transitions at most, 1 to 1000; 100 by default.', { type: 'integer' }),
        ],
        answer: { status: 200, schema: whole({ transitions: list('health_transition') }) },
        refused: [404],
      }),
    },
    [`${path}/statistics`]: {
      get: operation(`${path}/statistics`, {
        id: 'loadbalancer_statistics_history',
        summary: 'What each listener counted in each step, oldest first: 300 s of a day, or 3600 s of 30 days',
        tag,
        query: [parameter('step', 'Seconds: 300 (default) or 3600.', { type: 'integer' })],
        answer: { status: 200, schema: whole({ step: { type: 'integer' }, listeners: list('listener_history') }) },
        refused: [404],
      }),
    },
  };
}
