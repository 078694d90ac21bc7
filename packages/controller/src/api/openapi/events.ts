/** Events in the document. Ours alone. */
import { RESOURCE_TYPES } from '../../domain/operations.ts';
import { OPERATING_STATUSES, PROVISIONING_STATUSES } from '../../domain/statuses.ts';
import { EVENT_KINDS } from '../../store/events/events.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { EVENTS_PATH } from '../v2/events.ts';
import { operation } from './operation.ts';
import { filter, parameter } from './parameters.ts';
import { choice, list, MOMENT, nullable, whole } from './schemas.ts';

const TEXT: JsonSchema = { type: 'string' };

export const EVENT_SCHEMAS: Record<string, JsonSchema> = {
  event: whole({
    kind: choice(EVENT_KINDS),
    at: MOMENT,
    resource_type: choice(RESOURCE_TYPES),
    resource_id: uuid.schema,
    loadbalancer_id: uuid.schema,
    project_id: TEXT,
    name: nullable(TEXT),
    provisioning_status: { anyOf: [choice(PROVISIONING_STATUSES), { type: 'null' }] },
    operating_status: { anyOf: [choice(OPERATING_STATUSES), { type: 'null' }] },
    reason: nullable(TEXT),
    operation: {
      anyOf: [whole({ id: uuid.schema, kind: TEXT, state: TEXT, step: nullable(TEXT) }), { type: 'null' }],
      description: 'Of the kind operation: how far it is.',
    },
  }),
};

export function eventPaths(): Record<string, unknown> {
  const described = operation(EVENTS_PATH, {
    id: 'list_events',
    summary: 'Hear what happens: a stream of server-sent events (Accept: text/event-stream), or a long poll',
    tag: 'events',
    query: [
      filter('project_id'),
      filter('loadbalancer_id'),
      parameter('kind', 'Only events of this kind; may be repeated.', {
        type: 'array',
        items: choice(EVENT_KINDS),
      }),
      parameter('after', 'Position of the answer, or id of the event, to go on behind. Without it: begin now.'),
      parameter('timeout', 'Seconds a long poll waits for an event, 0 to 60; 30 by default.', { type: 'integer' }),
    ],
    answer: {
      status: 200,
      schema: whole({
        events: list('event'),
        position: { ...TEXT, description: 'Where the next request goes on.' },
        reload: { type: 'boolean', description: 'Events were missed that are kept no longer: read everything anew.' },
      }),
    },
  });
  const ok = (described.responses as Record<string, { content: Record<string, unknown> }>)['200'];
  if (ok !== undefined) ok.content['text/event-stream'] = { schema: TEXT };
  return { [EVENTS_PATH]: { get: described } };
}
