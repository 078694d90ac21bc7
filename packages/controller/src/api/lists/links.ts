export interface Link {
  rel: 'previous' | 'next';
  href: string;
}

export interface Page {
  /** Ids of the objects shown, in order. */
  ids: readonly string[];
  limit: number | null;
  hasMarker: boolean;
}

/** Paging links: every other parameter of the request is carried over. `previous` comes first. */
export function pageLinks(url: string, queryString: string, { ids, limit, hasMarker }: Page): Link[] {
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
