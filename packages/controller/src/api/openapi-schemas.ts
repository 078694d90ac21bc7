/** JSON schemas of requests and responses, from the same tables that parse and serve them. */
import type { Queryable } from './attributes/query.ts';
import { type Attribute, type AttributeTable, apiName } from './attributes/table.ts';
import type { JsonSchema } from './attributes/value-type.ts';

type Use = 'create' | 'update' | 'response';

function included(attribute: Attribute, use: Use): boolean {
  if (use === 'response') return attribute.serve !== null;
  if (use === 'update') return attribute.accepted === 'create and update';
  return attribute.accepted !== 'never';
}

/** Every attribute may be null on the wire; what null means is the contract's matter. */
function nullable(schema: JsonSchema): JsonSchema {
  return typeof schema.type === 'string' && schema.enum === undefined
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

export function objectSchema(table: AttributeTable, use: Use): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const [field, entry] of Object.entries(table)) {
    const attribute = entry as Attribute;
    if (!included(attribute, use)) continue;
    const name = apiName(field, attribute);
    const mandatory = use === 'create' && attribute.required === true;
    const type = use === 'update' ? (attribute.updateType ?? attribute.type) : attribute.type;
    properties[name] = {
      ...(mandatory ? type.schema : nullable(type.schema)),
      ...(use === 'create' && attribute.default !== undefined ? { default: attribute.default } : {}),
      ...(attribute.description ? { description: attribute.description } : {}),
    };
    if (mandatory) required.push(name);
    if (use === 'response') for (const alias of shownAliases(attribute)) properties[alias] = properties[name];
  }
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

function shownAliases(attribute: Attribute): readonly string[] {
  return attribute.aliasShown ? (attribute.aliases ?? []) : [];
}

const TAG_FILTERS = ['tags', 'tags-any', 'not-tags', 'not-tags-any'];

/** Query parameters of a list. */
export function filterParameters({ fields, tagged }: Queryable): JsonSchema[] {
  const parameter = (name: string, description: string, schema: JsonSchema = { type: 'string' }): JsonSchema => ({
    name,
    in: 'query',
    description,
    schema,
  });
  return [
    parameter('limit', 'Page size.'),
    parameter('marker', 'Id of the last object seen.'),
    parameter('page_reverse', 'True: the page before the marker.'),
    parameter('sort', 'key[:asc|desc], comma separated.'),
    parameter('fields', 'Attribute to show; may be repeated.', { type: 'array', items: { type: 'string' } }),
    ...(tagged ? TAG_FILTERS : []).map((name) => parameter(name, 'Comma separated tags.')),
    ...[...fields.keys()].map((name) => parameter(name, 'Only objects with this value.')),
  ];
}
