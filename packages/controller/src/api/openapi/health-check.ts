/** `/healthcheck` in the document: it speaks three formats, and only JSON has a shape. */
import type { JsonSchema } from '../attributes/value-type.ts';
import { refusals } from './refusals.ts';

const TEXT: JsonSchema = { type: 'string' };

const RESULTS: JsonSchema = {
  type: 'object',
  required: ['detailed', 'reasons'],
  properties: { detailed: { type: 'boolean' }, reasons: { type: 'array', items: { type: ['string', 'object'] } } },
};

const results = (description: string) => ({
  description,
  content: {
    'text/plain': { schema: TEXT },
    'text/html': { schema: TEXT },
    'application/json': { schema: { ...RESULTS, additionalProperties: true } },
  },
});

export const healthCheckPaths = (): Record<string, unknown> => ({
  '/healthcheck': {
    get: {
      operationId: 'healthcheck',
      summary: 'What the checks found; only where [api_settings] healthcheck_enabled',
      tags: ['discovery'],
      security: [],
      responses: {
        200: results('Everything works'),
        204: { description: 'There are no checks' },
        503: results('A check failed'),
        // Only this very spelling needs no token.
        ...refusals([400, 401, 404, 413, 500, 'default']),
      },
    },
  },
});
