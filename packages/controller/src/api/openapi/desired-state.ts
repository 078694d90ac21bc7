/** The desired state of a whole load balancer in the document. Ours alone. */
import { EFFECTS } from '../../domain/change-effects.ts';
import { DESIRED_LOAD_BALANCER } from '../attributes/desired-state.ts';
import { uuid } from '../attributes/scalar-types.ts';
import type { JsonSchema } from '../attributes/value-type.ts';
import { TABLES } from '../desired-state/attributes.ts';
import { CHANGING, operation } from './operation.ts';
import { parameter } from './parameters.ts';
import { list, nullable, reference, requestSchema, whole } from './schemas.ts';

const TEXT: JsonSchema = { type: 'string' };
const FLAG: JsonSchema = { type: 'boolean' };

export const DESIRED_STATE_SCHEMAS: Record<string, JsonSchema> = {
  desired_state: requestSchema(DESIRED_LOAD_BALANCER, 'create'),
  desired_state_plan: whole({
    loadbalancer_id: nullable({ ...uuid.schema, description: 'Null: a dry run of one that is not there.' }),
    dry_run: FLAG,
    changes: list('desired_state_change'),
  }),
  desired_state_change: whole({
    action: { ...TEXT, enum: ['create', 'update', 'delete'] },
    kind: { ...TEXT, enum: Object.keys(TABLES) },
    id: nullable({ ...uuid.schema, description: 'Null: a dry run of one that is not there.' }),
    name: { ...TEXT, description: 'Of a member its address and port; of an L7 rule what it compares.' },
    path: nullable({ ...TEXT, description: 'Where it stands in the document, for example loadbalancer.pools[0].' }),
    fields: list('desired_state_field'),
    effect: {
      ...TEXT,
      enum: [...EFFECTS],
      description:
        'For the traffic: none; reload: the proxy reads its configuration anew, connections go on; rebuild: what serves it is made anew.',
    },
  }),
  desired_state_field: whole({ name: TEXT, old: {}, new: {} }),
};

const PATH = '/v2/octavia/desired-state/{loadbalancer}';
const TAG = { ETag: { $ref: '#/components/headers/entity_tag' } };

const header = (name: string, description: string): JsonSchema => ({ name, in: 'header', description, schema: TEXT });

export function desiredStatePaths(): Record<string, unknown> {
  const tag = 'load balancers';
  const document = whole({ loadbalancer: reference('desired_state') });
  return {
    [PATH]: {
      get: operation(PATH, {
        id: 'show_desired_state',
        summary: 'The document that leads to a load balancer, by its name or id',
        tag,
        answer: { status: 200, schema: document, headers: TAG },
        refused: [404],
      }),
      put: operation(PATH, {
        id: 'apply_desired_state',
        summary: 'Make a load balancer and everything below it what the document says, as one change',
        tag,
        query: [
          parameter('dry_run', 'true: only tell what would change.', FLAG),
          parameter('prune', 'true: what the document does not have is deleted.', FLAG),
          header('If-Match', 'Entity tag that the load balancer has to have.'),
          header('If-None-Match', '*: the load balancer must not be there.'),
        ],
        body: { schema: { ...document, additionalProperties: false } },
        answer: { status: 200, schema: whole({ plan: reference('desired_state_plan') }), headers: TAG },
        refused: [404, 412, ...CHANGING],
      }),
    },
  };
}
