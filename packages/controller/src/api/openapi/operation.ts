/** One operation of the OpenAPI document, from what is particular about it. */
import type { JsonSchema } from '../attributes/value-type.ts';
import { answer, json, type Refusal, refusals } from './refusals.ts';

export interface Particulars {
  id: string;
  summary: string;
  /** Heading it stands under in documentation. */
  tag: string;
  answer: { status: number; description?: string; schema?: JsonSchema; headers?: object };
  query?: readonly JsonSchema[];
  body?: { schema: JsonSchema; optional?: true };
  /** What can be refused beside what any request of a caller can. */
  refused?: readonly Refusal[];
  /** Answered without a token. */
  open?: true;
  deprecated?: true;
}

const ANYBODY: readonly Refusal[] = [400, 406, 413, 500];
const CALLER: readonly Refusal[] = [400, 401, 403, 406, 413, 500, 503];
/** Of what changes something: state, and what the provider can do. */
export const CHANGING: readonly Refusal[] = [409, 501];

const DESCRIPTIONS: Record<number, string> = { 200: 'OK', 201: 'Accepted', 202: 'Accepted', 204: 'Accepted' };

export function operation(path: string, of: Particulars): Record<string, unknown> {
  const { status, description = DESCRIPTIONS[status] ?? '', schema, headers } = of.answer;
  const parameters = [...pathParameters(path), ...(of.query ?? [])];
  const known = of.open ? ANYBODY : CALLER;
  const withBody: readonly Refusal[] = of.body ? [415] : [];
  return {
    operationId: of.id,
    summary: of.summary,
    tags: [of.tag],
    ...(of.deprecated ? { deprecated: true } : {}),
    ...(of.open ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(of.body ? { requestBody: { required: of.body.optional !== true, ...json(of.body.schema) } } : {}),
    responses: {
      [status]: answer(description, schema, headers),
      ...refusals([...known, ...withBody, ...(of.refused ?? []), 'default']),
    },
  };
}

const pathParameters = (path: string): JsonSchema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
