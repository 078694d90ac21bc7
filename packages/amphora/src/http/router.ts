/** Finds the endpoint for a method and path. */
import type { X509Certificate } from 'node:crypto';
import { type Answer, HttpError } from './answer.ts';

export interface AgentRequest {
  params: Record<string, string>;
  /** The whole body. @throws HttpError 413 over the limit (bytes) */
  body: (limit: number) => Promise<Buffer>;
  /** The client's own certificate. */
  peer: () => X509Certificate | null;
}

export interface Route {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Segments starting with `:` are parameters. */
  path: string;
  handle: (request: AgentRequest) => Promise<Answer>;
}

export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':')) {
      if (segment === '') return null;
      params[part.slice(1)] = segment;
    } else if (part !== segment) return null;
  }
  return params;
}

function segmentsOf(url: string): string[] {
  const path = (url.split('?')[0] ?? '').replace(/(.)\/$/, '$1');
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    throw new HttpError(400, 'path is not valid percent-encoding');
  }
}

export class Router {
  readonly #routes: { route: Route; pattern: string[] }[];

  constructor(routes: Route[]) {
    this.#routes = routes.map((route) => ({ route, pattern: route.path.split('/') }));
  }

  /** @throws HttpError 404 unknown path, 405 known path with another method */
  match(method: string, url: string): RouteMatch {
    const segments = segmentsOf(url);
    let pathKnown = false;
    for (const { route, pattern } of this.#routes) {
      const params = matchPath(pattern, segments);
      if (params === null) continue;
      if (route.method === method) return { route, params };
      pathKnown = true;
    }
    if (pathKnown) throw new HttpError(405, 'Method Not Allowed');
    throw new HttpError(404, 'Not Found');
  }
}
