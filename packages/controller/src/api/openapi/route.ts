/** The evaluation of L7 policies in the document. Ours alone. */
import { L7_POLICY_ACTIONS } from '../../domain/resources.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { operation } from './operation.ts';
import { parameter } from './parameters.ts';
import { choice, list, nullable, whole } from './schemas.ts';

const TEXT: JsonSchema = { type: 'string' };
const MAYBE: JsonSchema = { type: ['boolean', 'null'], description: 'null: only the load balancer itself can tell.' };
const TEXTS: JsonSchema = { type: 'array', items: TEXT };

export const ROUTE_SCHEMAS: Record<string, JsonSchema> = {
  asked_rule: whole({ rule_id: uuid.schema, matches: MAYBE }),
  asked_policy: whole({
    policy_id: uuid.schema,
    action: choice(L7_POLICY_ACTIONS),
    matches: MAYBE,
    rules: list('asked_rule'),
  }),
  route: whole({
    outcome: choice(['pool', 'redirect', 'refused', 'undecided']),
    listener_id: uuid.schema,
    policy_id: nullable(uuid.schema),
    pool_id: nullable(uuid.schema),
    status: nullable({ type: 'integer' }),
    location: nullable(TEXT),
    reason: nullable(TEXT),
    asked: list('asked_policy'),
  }),
};

export function routePaths(): Record<string, unknown> {
  const path = '/v2/octavia/loadbalancers/{id}/route';
  return {
    [path]: {
      get: operation(path, {
        id: 'loadbalancer_route',
        summary: 'Which pool would get a request, and which policy decides',
        tag: 'load balancers',
        query: [
          parameter('url', 'As clients write it, with http:// or https://.'),
          parameter('method', 'GET by default.'),
          parameter('header', 'Name: value; may be repeated. Cookies are one, too.', TEXTS),
          parameter('client_address', 'Where the request comes from.'),
          parameter('listener_id', 'By default the listener with the port of the URL.'),
          parameter('verify_result', "What became of the client's certificate; 0: it is good.", { type: 'integer' }),
          parameter('subject', 'Field of the certificate, such as CN=name; may be repeated.', TEXTS),
        ],
        answer: { status: 200, schema: whole({ route: { $ref: '#/components/schemas/route' } }) },
        refused: [404],
      }),
    },
  };
}
