/**
 * Types of the OpenAPI document, as generators of TypeScript clients make them: `components['schemas']` and `paths`. A property
 * with a default counts as always there, as the widespread ones take it.
 */
type Node = Record<string, unknown>;

const record = (value: unknown): Node => (value ?? {}) as Node;
const property = (name: string, isOptional: boolean, type: string): string =>
  `${JSON.stringify(name)}${isOptional ? '?' : ''}: ${type}`;
const object = (members: readonly string[]): string => `{ ${members.join('; ')} }`;

function typeOf(schema: Node): string {
  const { $ref: reference, anyOf, enum: choices, const: only, type } = schema;
  if (typeof reference === 'string') return `components['schemas']['${reference.split('/').at(-1)}']`;
  if (Array.isArray(anyOf)) return anyOf.map((option: Node) => `(${typeOf(option)})`).join(' | ');
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  return [type]
    .flat()
    .map((one) => ofKind(one, schema))
    .join(' | ');
}

function ofKind(type: unknown, schema: Node): string {
  switch (type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return schema.maxItems === 0 ? '[]' : `(${typeOf(record(schema.items))})[]`;
    case 'object':
      return ofObject(schema);
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    default:
      return 'unknown';
  }
}

function ofObject({ properties, additionalProperties, required }: Node): string {
  if (properties === undefined && typeof additionalProperties === 'object') {
    return `{ [key: string]: ${typeOf(record(additionalProperties))} }`;
  }
  const names = new Set(required as string[] | undefined);
  const entries = Object.entries(record(properties)) as [string, Node][];
  return object(
    entries.map(([name, schema]) => property(name, !names.has(name) && !('default' in schema), typeOf(schema))),
  );
}

export function typesOf(document: Node): string {
  const components = record(document.components);
  const responses = record(components.responses);
  const contentOf = ({ content }: Node): string =>
    object(
      Object.entries(record(content)).map(([media, of]) => property(media, false, typeOf(record(record(of).schema)))),
    );
  const responseOf = (response: Node): string => {
    const { $ref: reference } = response;
    const named = typeof reference === 'string' ? record(responses[reference.split('/').at(-1) ?? '']) : response;
    return object([property('content', false, contentOf(named))]);
  };
  const operationOf = ({ requestBody, responses: answers }: Node): string => {
    const shown = Object.entries(record(answers)).map(([status, of]) =>
      property(status, false, responseOf(record(of))),
    );
    const body =
      requestBody === undefined ? [] : [`requestBody: ${object([`content: ${contentOf(record(requestBody))}`])}`];
    return object([...body, `responses: ${object(shown)}`]);
  };
  const schemas = Object.entries(record(components.schemas)).map(([name, schema]) =>
    property(name, false, typeOf(record(schema))),
  );
  const paths = Object.entries(record(document.paths)).map(([path, item]) =>
    property(
      path,
      false,
      object(Object.entries(record(item)).map(([method, of]) => property(method, false, operationOf(record(of))))),
    ),
  );
  return [
    `export interface components { schemas: ${object(schemas)} }`,
    `export interface paths ${object(paths)}`,
    '',
  ].join('\n');
}
