/** From a query string to a page request (API contract §2). */
import { OctaviaError } from '../../errors.ts';
import type { ListQuery } from '../../store/core/list-query.ts';
import type { Queryable, QueryableField } from '../attributes/query.ts';
import { RouteFault } from '../faults.ts';

export interface ListSettings {
  allow_pagination: boolean;
  allow_sorting: boolean;
  allow_filtering: boolean;
  allow_field_selection: boolean;
  pagination_max_limit: string;
}

export interface ListRequest {
  query: ListQuery;
  /** Attributes to show; undefined = all. */
  fields: string[] | undefined;
  /** A filter that nothing can equal: the page is empty without asking the database. */
  empty: boolean;
}

const CONTROL = new Set(['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'fields', 'page_reverse']);
/** Only where objects have tags; elsewhere they are filters as unknown as any other. */
const TAGS = { tags: 'all', 'tags-any': 'any', 'not-tags': 'notAll', 'not-tags-any': 'notAny' } as const;

/** null = unlimited */
function maximum(setting: string): number | null {
  const limit = Number(setting);
  return Number.isInteger(limit) && limit >= 0 ? limit : null;
}

function pageSize(parameters: URLSearchParams, cap: number | null): number | null {
  const text = parameters.get('limit');
  if (text === null || text.toLowerCase() === 'infinite') return cap;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new OctaviaError('INVALID_LIMIT', { limit: text });
  const limit = Number(text);
  if (limit < 1) return cap;
  // Far more than any table holds, and still a number the database can read.
  return Math.min(limit, cap ?? Number.MAX_SAFE_INTEGER, 1_000_000_000);
}

const parts = (text: string | null): string[] => (text ?? '').split(',').filter((part) => part.trim() !== '');

/** Parts that cannot be read are refused before anybody looks for the key, hence in the shape of the router. */
function sortPart(part: string): string[] {
  const split = part.split(':');
  if (split.length > 2) throw new RouteFault(new OctaviaError('INVALID_SORT_KEY', { key: part }));
  return split;
}

function sortKeys(parameters: URLSearchParams, fields: ReadonlyMap<string, QueryableField>): ListQuery['sort'] {
  const directions = parts(parameters.get('sort_dir'));
  const requested = parameters.has('sort')
    ? parts(parameters.get('sort')).map(sortPart)
    : parts(parameters.get('sort_key')).map((key, index) => [key, directions[index] ?? 'asc']);
  return requested.map(([key = '', direction = 'asc']) => {
    const chosen = direction.trim().toLowerCase();
    if (chosen !== 'asc' && chosen !== 'desc') throw new OctaviaError('INVALID_SORT_DIRECTION', { direction });
    const { field, sortable } = fields.get(key.trim()) ?? {};
    if (field === undefined || !sortable) throw new OctaviaError('INVALID_SORT_KEY', { key });
    return { field, direction: chosen };
  });
}

/** A tag that PostgreSQL cannot hold, and an empty one, are like one that is longer than any: nothing has it. */
const NO_TAG = 'x'.repeat(256);

function tagFilters(parameters: URLSearchParams): NonNullable<ListQuery['tags']> {
  const filters: NonNullable<ListQuery['tags']> = {};
  for (const [name, key] of Object.entries(TAGS)) {
    const tags = parameters.getAll(name).flatMap((value) => value.split(','));
    const given = tags.map((tag) => tag.trim()).filter((tag) => tag !== '');
    if (given.length > 0) filters[key] = given.map((tag) => (tag.includes('\0') ? NO_TAG : tag));
    else if (parameters.has(name)) filters[key] = [NO_TAG];
  }
  return filters;
}

function filters(parameters: URLSearchParams, { fields, tagged }: Queryable) {
  const found: ListQuery['filters'] = [];
  let empty = false;
  for (const [name, text] of parameters) {
    if (CONTROL.has(name) || (tagged && Object.hasOwn(TAGS, name))) continue;
    const entry = fields.get(name);
    if (!entry || found.some(({ field }) => field === entry.field)) throw new OctaviaError('INVALID_FILTER');
    const value = entry.fromQuery(text);
    empty ||= value === undefined;
    found.push({ field: entry.field, values: [value ?? null] });
  }
  return { found, empty };
}

/** @throws OctaviaError INVALID_LIMIT, INVALID_SORT_KEY, INVALID_SORT_DIRECTION, INVALID_FILTER */
export function parseListRequest(queryString: string, queryable: Queryable, settings: ListSettings): ListRequest {
  const parameters = new URLSearchParams(queryString);
  const { allow_pagination: paging } = settings;
  const cap = maximum(settings.pagination_max_limit);
  const limit = paging ? pageSize(parameters, cap) : cap;
  const sort = settings.allow_sorting ? sortKeys(parameters, queryable.fields) : [];
  const filter = settings.allow_filtering ? filters(parameters, queryable) : { found: [], empty: false };
  const marker = paging ? parameters.get('marker') : null;
  return {
    query: {
      filters: filter.found,
      tags: settings.allow_filtering && queryable.tagged ? tagFilters(parameters) : {},
      sort,
      limit,
      ...(marker ? { marker } : {}),
      reverse: paging && marker !== null && parameters.get('page_reverse') === 'True',
    },
    fields: selectedFields(parameters, settings),
    empty: filter.empty,
  };
}

export function selectedFields(
  parameters: URLSearchParams,
  settings: Pick<ListSettings, 'allow_field_selection'>,
): string[] | undefined {
  const fields = parameters.getAll('fields');
  return settings.allow_field_selection && fields.length > 0 ? fields : undefined;
}
