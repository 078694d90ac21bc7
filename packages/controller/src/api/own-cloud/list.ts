/** What a query asks of a list of Neutron: filters, order, page and fields. */
import { OctaviaError } from '../../errors.ts';
import type { NeutronObject } from './objects.ts';

const CONTROL = new Set(['id', 'fields', 'limit', 'marker', 'sort_key', 'sort_dir', 'page_reverse']);

function holds(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((entry) => holds(entry, wanted));
  if (typeof value === 'object' && value !== null) {
    // `fixed_ips=subnet_id=…`
    const [name = '', ...rest] = wanted.split('=');
    return String((value as NeutronObject)[name]) === rest.join('=');
  }
  if (typeof value === 'boolean') return String(value) === wanted.toLowerCase();
  return String(value ?? '') === wanted;
}

/** @param known attributes of the kind */
function requireKnown(names: Iterable<string>, known: ReadonlySet<string>): void {
  const unknown = [...names].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new OctaviaError('CLOUD_QUERY', { detail: `Unknown attributes: ${unknown.join(', ')}.` });
}

function page(objects: readonly NeutronObject[], query: URLSearchParams): readonly NeutronObject[] {
  const marker = query.get('marker');
  const first = marker === null ? 0 : objects.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && first === 0)
    throw new OctaviaError('CLOUD_QUERY', { detail: `The marker ${marker} is not in the list.` });
  const limit = Number(query.get('limit') ?? 0);
  if (!Number.isInteger(limit) || limit < 0)
    throw new OctaviaError('CLOUD_QUERY', { detail: 'limit is a whole number.' });
  return limit === 0 ? objects.slice(first) : objects.slice(first, first + limit);
}

function sorted(objects: readonly NeutronObject[], query: URLSearchParams): readonly NeutronObject[] {
  const directions = query.getAll('sort_dir');
  const keys = query.getAll('sort_key').map((key, index) => ({ key, sign: directions[index] === 'desc' ? -1 : 1 }));
  return objects.toSorted((one, other) => {
    for (const { key, sign } of keys) {
      const order = String(one[key]).localeCompare(String(other[key]));
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

/** The object with the fields that the query names, or with all. */
export function selected(object: NeutronObject, query: URLSearchParams): NeutronObject {
  const fields = query.getAll('fields');
  if (fields.length === 0) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => fields.includes(name)));
}

/**
 * @param objects all of them, or those with the ids that the query names
 * @param attributes of the kind, also when there is no object
 * @throws OctaviaError CLOUD_QUERY
 */
export function listed(
  objects: readonly NeutronObject[],
  query: URLSearchParams,
  attributes: ReadonlySet<string>,
): NeutronObject[] {
  const filters = [...new Set(query.keys())].filter((name) => !CONTROL.has(name));
  requireKnown([...filters, ...query.getAll('sort_key')], attributes);
  const matching = objects.filter((object) =>
    filters.every((name) => query.getAll(name).some((wanted) => holds(object[name], wanted))),
  );
  return page(sorted(matching, query), query).map((object) => selected(object, query));
}
