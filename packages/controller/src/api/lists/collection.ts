/** One list request from query string to answer. */
import type { FastifyRequest } from 'fastify';
import type { Executor } from '../../store/core/database.ts';
import type { ListQuery } from '../../store/core/list-query.ts';
import type { Queryable } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requestUrl } from '../origin.ts';
import { queryOf } from '../urls.ts';
import { type ListRequest, parseListRequest } from './parameters.ts';

interface Link {
  rel: 'previous' | 'next';
  href: string;
}

interface Page {
  /** Ids of the objects shown, in order. */
  ids: readonly string[];
  limit: number | null;
  hasMarker: boolean;
}

/** Paging links: every other parameter of the request is carried over. `previous` comes first. */
function pageLinks(url: string, queryString: string, { ids, limit, hasMarker }: Page): Link[] {
  const [first, last] = [ids[0], ids.at(-1)];
  if (first === undefined || last === undefined) return [];
  const link = (rel: Link['rel'], marker: string): Link => {
    const parameters = new URLSearchParams(queryString);
    parameters.delete('page_reverse');
    parameters.delete('limit');
    if (limit !== null) parameters.set('limit', String(limit));
    parameters.set('marker', marker);
    if (rel === 'previous') parameters.set('page_reverse', 'True');
    return { rel, href: `${url}?${parameters}` };
  };
  const links: Link[] = [];
  if (hasMarker) links.push(link('previous', first));
  if (limit !== null && ids.length >= limit) links.push(link('next', last));
  return links;
}

export interface Collection<R> {
  /** Key of the list in the answer. */
  plural: string;
  /** Key of the links, when it is not `<plural>_links`. */
  linksKey?: string;
  queryable: Queryable;
  list(executor: Executor, query: ListQuery): Promise<R[]>;
  /** Response objects of a page, in a constant number of statements. */
  respond(rows: R[], fields: string[] | undefined): Promise<object[]>;
  /** Conditions that the path or the caller's rights add. */
  scope?: Pick<ListQuery, 'projectId' | 'within'>;
}

export function asking(
  { config }: ApiDependencies,
  request: FastifyRequest,
  { queryable, scope = {} }: Pick<Collection<never>, 'queryable' | 'scope'>,
): ListRequest {
  const asked = parseListRequest(queryOf(request.raw.url ?? ''), queryable, config.api_settings);
  return { ...asked, query: { ...asked.query, ...scope } };
}

export function linksOf(
  { config }: ApiDependencies,
  request: FastifyRequest,
  query: ListQuery,
  ids: Page['ids'],
): Link[] {
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
