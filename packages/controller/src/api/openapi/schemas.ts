/** JSON schemas of requests and answers, from the same tables that parse and serve them. */
import { type Attribute, type AttributeTable, apiName } from '../attributes/table.ts';
import type { JsonSchema } from '../attributes/value-type.ts';

export const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
export const list = (name: string): JsonSchema => ({ type: 'array', items: reference(name) });

/** Finer than other times: steps are short. */
export const MOMENT: JsonSchema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}$',
  description: 'UTC, without a zone designator.',
  examples: ['2026-01-31T12:00:00.123'],
};

export const choice = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: [...values] });

/** An object of an answer that always has all of these. */
export const whole = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

export function nullable(schema: JsonSchema): JsonSchema {
  return typeof schema.type === 'string' && schema.enum === undefined
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

/** Texts that belong together as one description. */
const described = (...texts: (string | undefined)[]): JsonSchema => {
  const description = texts.filter((text) => text !== undefined).join(' ');
  return description === '' ? {} : { description };
};

/**
 * What a request may hold. A default is told in words: generators of clients take the keyword for a promise that the
 * attribute is there, and make it one that must be given.
 */
export function requestSchema(table: AttributeTable, use: 'create' | 'update'): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [field, entry] of Object.entries(table)) {
    const attribute = entry as Attribute;
    if (attribute.accepted === 'never' || (use === 'update' && attribute.accepted === 'create')) continue;
    const name = apiName(field, attribute);
    const isRequired = use === 'create' && attribute.required === true;
    const refusesNull = use === 'create' ? isRequired : attribute.nullOnUpdate === 'refuse';
    const { schema } = use === 'update' ? (attribute.updateType ?? attribute.type) : attribute.type;
    const type = refusesNull ? schema : nullable(schema);
    const fallback =
      use === 'create' && attribute.default !== undefined ? `Default: ${show(attribute.default)}.` : undefined;
    properties[name] = {
      ...type,
      ...described(schema.description as string | undefined, attribute.description, fallback),
    };
    for (const alias of attribute.aliases ?? []) {
      properties[alias] = { ...type, deprecated: true, description: `Another name of ${name}.` };
    }
    if (isRequired) required.push(name);
  }
  return { type: 'object', additionalProperties: false, ...(required.length > 0 ? { required } : {}), properties };
}

const show = (value: unknown): string => (value === '' ? 'empty' : JSON.stringify(value));

/**
 * An object as answers show it, with every attribute. Bounds are those of requests alone: what is stored may have been
 * accepted by a release that drew them elsewhere.
 * @param without attributes, by their API names, that the answer does not have
 */
export function answerSchema(table: AttributeTable, without: readonly string[] = []): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [field, entry] of Object.entries(table)) {
    const attribute = entry as Attribute;
    const name = apiName(field, attribute);
    if (attribute.serve === null || without.includes(name)) continue;
    const schema = attribute.answer ?? attribute.type.answer ?? unbounded(attribute.type.schema);
    const { description } = attribute;
    const shown = {
      ...(mayBeNull(field, attribute) ? nullable(schema) : schema),
      ...(description ? { description } : {}),
    };
    for (const key of [name, ...(attribute.aliasShown ? (attribute.aliases ?? []) : [])]) {
      properties[key] = shown;
      if (!attribute.leftOut) required.push(key);
    }
  }
  return { type: 'object', required, properties };
}

/** What `?fields=` chose of an object; everything when it was not given. */
export function chosenSchema(table: AttributeTable): JsonSchema {
  const { properties } = answerSchema(table);
  return { type: 'object', description: 'All attributes, or those that `fields` names.', properties };
}

const mayBeNull = (field: string, { nullable: given, required, default: fallback }: Attribute): boolean =>
  given ?? !(field === 'id' || required === true || fallback !== undefined);

const BOUNDS = new Set(['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'uniqueItems']);
const INNER = new Set(['items', 'additionalProperties']);

function unbounded(schema: JsonSchema): JsonSchema {
  const kept = Object.entries(schema).filter(
    ([key, value]) => !BOUNDS.has(key) && !(key === 'format' && value !== 'uuid'),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, INNER.has(key) ? unbounded(value as JsonSchema) : value]));
}
