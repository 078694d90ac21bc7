/** How requests are refused: the body shapes of faults.ts, and which of them a status comes with. */
import type { JsonSchema } from '../attributes/value-type.ts';
import { reference, whole } from './schemas.ts';

export const REFUSAL_SCHEMAS: Record<string, JsonSchema> = {
  fault: {
    ...whole({
      faultcode: { type: 'string', enum: ['Client', 'Server'] },
      faultstring: { type: 'string' },
      debuginfo: { type: ['string', 'null'] },
    }),
    description: 'What the resource itself refused.',
  },
  route_fault: {
    ...whole({ code: { type: 'integer' }, title: { type: 'string' }, description: { type: 'string' } }),
    description: 'What was refused before the resource was asked: no token, no such URI, a query that cannot be read.',
  },
  not_acceptable: whole({
    errors: {
      type: 'array',
      items: whole({
        status: { type: 'integer' },
        title: { type: 'string' },
        detail: { type: 'string' },
        request_id: { type: 'string' },
      }),
    },
  }),
};

export const json = (schema: JsonSchema) => ({ content: { 'application/json': { schema } } });

const FAULT = reference('fault');
const ROUTE_FAULT = reference('route_fault');
const EITHER: JsonSchema = { anyOf: [FAULT, ROUTE_FAULT] };

const header = (name: string) => ({ $ref: `#/components/headers/${name}` });
const REQUEST_ID = { 'x-openstack-request-id': header('request_id') };
const REFUSED = { ...REQUEST_ID, 'Octavia-Error-Code': header('error_code'), 'Octavia-Remedy': header('remedy') };
const RETRY_AFTER = { ...REFUSED, 'Retry-After': header('retry_after') };

export const HEADERS = {
  request_id: { description: 'Names the request in logs.', schema: { type: 'string' } },
  retry_after: { description: 'Seconds after which the same request may pass.', schema: { type: 'integer' } },
  error_code: { description: 'Names the error in docs/errors.md.', schema: { type: 'string' } },
  remedy: { description: 'What can be done about it.', schema: { type: 'string' } },
  blocking: { description: 'The id of the operation that is in the way.', schema: { type: 'string', format: 'uuid' } },
  entity_tag: { description: 'Of the whole desired state, for If-Match.', schema: { type: 'string' } },
  challenge: { description: 'Where tokens are to be had.', schema: { type: 'string' } },
};

/** The answer itself: every one names the request. */
export const answer = (description: string, schema?: JsonSchema, headers: object = {}) => ({
  description,
  headers: { ...REQUEST_ID, ...headers },
  ...(schema ? json(schema) : {}),
});

const refusal = (description: string, schema: JsonSchema, headers: object = REFUSED) => ({
  description,
  headers,
  ...json(schema),
});

/** As `components.responses`, by status; `default` is what HTTP itself goes wrong with. */
const REFUSALS = {
  400: refusal('The request is wrong', EITHER),
  401: refusal('No valid token', ROUTE_FAULT, { ...REFUSED, 'WWW-Authenticate': header('challenge') }),
  403: refusal('Not allowed, or the quota is used up', FAULT),
  404: refusal('Not there', FAULT),
  '404_below': refusal('Not there, or its parent is not', EITHER),
  406: refusal('Only application/json can be produced', reference('not_acceptable')),
  409: refusal('Does not fit the present state', FAULT, { ...RETRY_AFTER, 'Octavia-Operation': header('blocking') }),
  412: refusal('Not as the request wants it to be', FAULT),
  413: refusal('The body is too large', ROUTE_FAULT),
  415: refusal('Bodies are not compressed', ROUTE_FAULT),
  500: refusal('A fault of the service or of the provider', FAULT),
  501: refusal('The provider cannot do this', FAULT),
  503: refusal('Not at the moment', EITHER, RETRY_AFTER),
  default: refusal('No request of this API', { anyOf: [FAULT, ROUTE_FAULT, reference('not_acceptable')] }),
} as const;

export type Refusal = keyof typeof REFUSALS;

const NAMES: Record<Refusal, string> = {
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  '404_below': 'not_found_below',
  406: 'not_acceptable',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'too_large',
  415: 'unsupported_encoding',
  500: 'internal',
  501: 'unsupported',
  503: 'unavailable',
  default: 'refused',
};

export const REFUSAL_RESPONSES = Object.fromEntries(
  Object.entries(REFUSALS).map(([key, response]) => [NAMES[key as Refusal], response]),
);

/** The `responses` of an operation that say no. */
export const refusals = (keys: readonly Refusal[]): Record<string, unknown> =>
  Object.fromEntries(
    keys.map((key) => [String(key).replace('_below', ''), { $ref: `#/components/responses/${NAMES[key]}` }]),
  );
