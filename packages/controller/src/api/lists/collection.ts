/** One list request from query string to answer. */
import type { FastifyRequest } from 'fastify';
import type { Executor, Store } from '../../store/database.ts';
import type { ListQuery } from '../../store/list-query.ts';
import type { QueryableField } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requestUrl } from '../origin.ts';
import { queryOf } from '../urls.ts';
import { type Link, type Page, pageLinks } from './links.ts';
import { parseListRequest } from './parameters.ts';

export interface Collection<R> {
  /** Key of the list in the answer. */
  plural: string;
  /** Key of the links, when it is not `<plural>_links`. */
  linksKey?: string;
  queryable: ReadonlyMap<string, QueryableField>;
  list(executor: Executor, query: ListQuery): Promise<R[]>;
  /** Response objects of a page, in a constant number of statements. */
  respond(rows: R[], fields: string[] | undefined): Promise<object[]>;
  /** Conditions that the path or the caller's rights add. */
  scope?: Partial<Pick<ListQuery, 'projectId' | 'filters'>>;
}

/** A list whose answer is written as text, from cells of the store; the id is the first. */
export interface TextCollection extends Pick<Collection<never>, 'plural' | 'queryable' | 'scope'> {
  list(store: Store, query: ListQuery): Promise<string[][]>;
  write(row: readonly string[], fields: string[] | undefined): string;
}

function asking(
  { config }: ApiDependencies,
  request: FastifyRequest,
  { queryable, scope = {} }: Pick<Collection<never>, 'queryable' | 'scope'>,
): { query: ListQuery; fields: string[] | undefined; empty: boolean } {
  const asked = parseListRequest(queryOf(request.raw.url ?? ''), queryable, config.api_settings);
  const filters = [...asked.query.filters, ...(scope.filters ?? [])];
  return { ...asked, query: { ...asked.query, ...scope, filters } };
}

function linksOf({ config }: ApiDependencies, request: FastifyRequest, query: ListQuery, ids: Page['ids']): Link[] {
  const hasMarker = query.marker !== undefined;
  // A page that is the whole list needs no address.
  if (!config.api_settings.allow_pagination || (query.limit === null && !hasMarker)) return [];
  const { api_base_uri: baseUri } = config.api_settings;
  const url = requestUrl(request, config.oslo_middleware.enable_proxy_headers_parsing, baseUri);
  return pageLinks(url, queryOf(request.raw.url ?? ''), { ids, limit: query.limit, hasMarker });
}

export async function answerList<R extends { id: string }>(
  deps: ApiDependencies,
  request: FastifyRequest,
  collection: Collection<R>,
): Promise<Record<string, unknown>> {
  const { query, fields, empty } = asking(deps, request, collection);
  const rows = empty ? [] : await collection.list(deps.store.db, query);
  const ids = rows.map((row) => row.id);
  return {
    [collection.plural]: rows.length === 0 ? [] : await collection.respond(rows, fields),
    [collection.linksKey ?? `${collection.plural}_links`]: linksOf(deps, request, query, ids),
  };
}

/** @returns JSON text */
export async function listText(
  deps: ApiDependencies,
  request: FastifyRequest,
  collection: TextCollection,
): Promise<string> {
  const { query, fields, empty } = asking(deps, request, collection);
  const rows = empty ? [] : await collection.list(deps.store, query);
  const ids = rows.map(([id = '']) => id);
  const links = JSON.stringify(linksOf(deps, request, query, ids));
  let text = '';
  for (const row of rows) text += `,${collection.write(row, fields)}`;
  return `{"${collection.plural}":[${text.slice(1)}],"${collection.plural}_links":${links}}`;
}
