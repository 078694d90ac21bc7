/** One list request from query string to answer. */
import type { FastifyRequest } from 'fastify';
import type { Executor } from '../../store/database.ts';
import type { ListQuery } from '../../store/list-query.ts';
import type { QueryableField } from '../attributes/query.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requestUrl } from '../origin.ts';
import { queryOf } from '../urls.ts';
import { pageLinks } from './links.ts';
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

export async function answerList<R extends { id: string }>(
  { config, store }: ApiDependencies,
  request: FastifyRequest,
  collection: Collection<R>,
): Promise<Record<string, unknown>> {
  const queryString = queryOf(request.raw.url ?? '');
  const asked = parseListRequest(queryString, collection.queryable, config.api_settings);
  const { scope = {} } = collection;
  const query: ListQuery = {
    ...asked.query,
    ...scope,
    filters: [...asked.query.filters, ...(scope.filters ?? [])],
  };
  const rows = asked.empty ? [] : await collection.list(store.db, query);
  const { api_base_uri: baseUri } = config.api_settings;
  const url = requestUrl(request, config.oslo_middleware.enable_proxy_headers_parsing, baseUri);
  const page = { ids: rows.map((row) => row.id), limit: query.limit, hasMarker: query.marker !== undefined };
  return {
    [collection.plural]: rows.length === 0 ? [] : await collection.respond(rows, asked.fields),
    [collection.linksKey ?? `${collection.plural}_links`]: config.api_settings.allow_pagination
      ? pageLinks(url, queryString, page)
      : [],
  };
}
