/** Operations in the document: what tenants see of their own, what operators see of all and may do. Ours alone. */
import { OPERATION_KINDS, OPERATION_STATES, RESOURCE_TYPES } from '../../domain/operations.ts';
import { OPERATION } from '../attributes/operation.ts';
import { queryableFields } from '../attributes/query.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { CHANGING, operation } from './operation.ts';
import { listParameters } from './parameters.ts';
import { answerSchema, choice, chosenSchema, list, MOMENT, nullable, reference, whole } from './schemas.ts';

const TEXT: JsonSchema = { type: 'string' };
const NUMBER: JsonSchema = { type: 'integer' };

const shown = answerSchema(OPERATION);
const more = whole({ steps: list('operation_step'), actions: list('operation_action') });

export const OPERATION_SCHEMAS: Record<string, JsonSchema> = {
  own_operation: whole({
    id: uuid.schema,
    kind: choice(OPERATION_KINDS),
    resource_type: choice(RESOURCE_TYPES),
    resource_id: uuid.schema,
    state: choice(OPERATION_STATES),
    current_step: nullable(TEXT),
    attempts: NUMBER,
    reason: nullable(TEXT),
    created_at: MOMENT,
    started_at: nullable(MOMENT),
    ended_at: nullable(MOMENT),
    steps: list('operation_step'),
  }),
  operation_chosen: chosenSchema(OPERATION),
  operation: {
    type: 'object',
    required: [...(shown.required as string[]), ...(more.required as string[])],
    properties: { ...(shown.properties as object), ...(more.properties as object) },
  },
  operation_step: whole({
    number: NUMBER,
    name: TEXT,
    phase: choice(['do', 'undo']),
    state: choice(['running', 'done', 'failed']),
    attempts: NUMBER,
    detail: nullable(TEXT),
    started_at: MOMENT,
    ended_at: nullable(MOMENT),
  }),
  operation_action: whole({
    verb: choice(['resume', 'abandon', 'reset']),
    detail: TEXT,
    user_id: nullable(TEXT),
    project_id: nullable(TEXT),
    request_id: nullable(TEXT),
    created_at: MOMENT,
  }),
  operation_verb: {
    type: 'object',
    additionalProperties: false,
    properties: {
      reason: { type: ['string', 'null'], maxLength: 255 },
      status: { ...choice(['ACTIVE', 'ERROR']), description: 'For reset.' },
    },
  },
};

const LIST = '/v2/octavia/operations';
const ONE = `${LIST}/{id}`;

export function operationPaths(): Record<string, unknown> {
  const tag = 'operations';
  const own = '/v2/lbaas/loadbalancers/{id}/operations';
  const one = whole({ operation: reference('operation') });
  const verb = (name: string, summary: string) => ({
    [`${ONE}/${name}`]: {
      put: operation(`${ONE}/${name}`, {
        id: `${name}_operation`,
        summary,
        tag,
        body: {
          schema: { ...whole({ operation: reference('operation_verb') }), additionalProperties: false },
          optional: true,
        },
        answer: { status: 202, schema: one },
        refused: [404, ...CHANGING],
      }),
    },
  });
  return {
    [own]: {
      get: operation(own, {
        id: 'loadbalancer_operations',
        summary: 'Running and past operations with their steps, the newest hundred',
        tag: 'load balancers',
        answer: { status: 200, schema: whole({ operations: list('own_operation') }) },
        refused: [404],
      }),
    },
    [LIST]: {
      get: operation(LIST, {
        id: 'list_operations',
        summary: 'List operations of all projects',
        tag,
        query: listParameters(queryableFields(OPERATION)),
        answer: {
          status: 200,
          schema: whole({ operations: list('operation_chosen'), operations_links: list('link') }),
        },
      }),
    },
    [ONE]: {
      get: operation(ONE, {
        id: 'show_operation',
        summary: 'Show an operation with its steps',
        tag,
        answer: { status: 200, schema: one },
        refused: [404],
      }),
    },
    ...verb('resume', 'Carry out a failed operation again'),
    ...verb('abandon', 'Stop an operation and undo it'),
    ...verb('reset', 'Set the statuses that an operation left, by hand'),
  };
}
