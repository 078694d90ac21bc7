/** What queries of the document may say. */
import type { Queryable } from '../attributes/query.ts';
import type { JsonSchema } from '../attributes/value-type.ts';

export const parameter = (name: string, description: string, schema: JsonSchema = { type: 'string' }): JsonSchema => ({
  name,
  in: 'query',
  description,
  schema,
});

/** Of lists alike, as `components.parameters`. */
export const PARAMETERS = {
  limit: parameter('limit', 'Page size.'),
  marker: parameter('marker', 'Id of the last object seen.'),
  page_reverse: parameter('page_reverse', 'True: the page before the marker.'),
  sort: parameter('sort', 'key[:asc|desc], comma separated.'),
  sort_key: parameter('sort_key', 'Keys, comma separated; `sort` wins.'),
  sort_dir: parameter('sort_dir', 'asc or desc for each of sort_key, comma separated.'),
  fields: parameter('fields', 'Attribute to show; may be repeated.', { type: 'array', items: { type: 'string' } }),
  tags: parameter('tags', 'Comma separated tags: has all of them.'),
  'tags-any': parameter('tags-any', 'Comma separated tags: has one of them.'),
  'not-tags': parameter('not-tags', 'Comma separated tags: does not have all of them.'),
  'not-tags-any': parameter('not-tags-any', 'Comma separated tags: has none of them.'),
} as const;

const shared = (...names: (keyof typeof PARAMETERS)[]): JsonSchema[] =>
  names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

export const FIELDS: readonly JsonSchema[] = shared('fields');

const PAGES = shared('limit', 'marker', 'page_reverse', 'sort', 'sort_key', 'sort_dir', 'fields');
const TAGS = shared('tags', 'tags-any', 'not-tags', 'not-tags-any');

export const filter = (name: string): JsonSchema => parameter(name, 'Only objects with this value.');

/** Query parameters of a list. */
export const listParameters = ({ fields, tagged }: Queryable): JsonSchema[] => [
  ...PAGES,
  ...(tagged ? TAGS : []),
  ...[...fields.keys()].map(filter),
];
