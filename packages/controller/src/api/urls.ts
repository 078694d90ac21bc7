/** The many spellings of one URI become one: service prefix, `/v2.0`, missing `lbaas`, `.json`, trailing slash. */

const SERVICE_PREFIX = /^\/load-balancer(?=\/|$)/;
/** What is served below `/v2` itself: our own names for it, and what clients ask of networks (own-cloud/networks.ts). */
const OWN_SEGMENTS = 'lbaas|octavia|openapi|networks|subnets|ports|qos|security-groups';
const WITHOUT_SEGMENT = new RegExp(`^/v2/(?!(?:${OWN_SEGMENTS})(?:/|$))(?=.)`);

export interface CanonicalUrl {
  /** Path and query that routes are matched with. */
  url: string;
  /** What was in front of `/v2`; links repeat it. */
  prefix: string;
}

export function canonicalUrl(raw: string): CanonicalUrl {
  const mark = raw.indexOf('?');
  const query = mark < 0 ? '' : raw.slice(mark);
  const given = mark < 0 ? raw : raw.slice(0, mark);
  const prefix = SERVICE_PREFIX.exec(given)?.[0] ?? '';
  const path = given
    .slice(prefix.length)
    .replace(/\/+$/, '')
    .replace(/\.json$/, '')
    .replace(/^\/v2\.0(?=\/|$)/, '/v2')
    .replace(WITHOUT_SEGMENT, '/v2/lbaas/');
  return { url: (path || '/') + query, prefix };
}

/** The text after `?`. */
export function queryOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}
