/** API v2 inside this process, for callers that the request hooks let in already. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OctaviaError } from '../../errors.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { createInstance } from '../instance.ts';
import type { Json } from './shape.ts';

export type Routes = (server: FastifyInstance, deps: ApiDependencies) => void;

/** What API v2 refused, to be answered as it is. */
export class Refused extends Error {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: Json, retryAfter: string | undefined) {
    super(String(body.faultstring ?? body.description ?? ''));
    this.status = status;
    this.body = body;
    this.headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  }
}

/** Names the call whose caller it is; the instance is not reachable from outside. */
const CALL = 'x-call';
const BASE = '/v2/lbaas';

export class Resources {
  readonly #instance: FastifyInstance;
  readonly #callers = new Map<string, Caller>();
  #calls = 0;

  constructor(deps: ApiDependencies, routes: readonly Routes[]) {
    // v1 knows neither pages nor the operator's switches for queries of v2.
    const api_settings = {
      ...deps.config.api_settings,
      allow_filtering: true,
      allow_pagination: true,
      pagination_max_limit: 'infinite',
    };
    const inner = { ...deps, config: { ...deps.config, api_settings } };
    this.#instance = createInstance(inner);
    this.#instance.addHook('onRequest', async (request) => {
      const caller = this.#callers.get(String(request.headers[CALL]));
      if (!caller) throw new OctaviaError('UNAUTHENTICATED');
      request.caller = caller;
    });
    for (const register of routes) register(this.#instance, inner);
  }

  /** @returns the answer's body, null without one @throws Refused */
  async call(
    { caller }: FastifyRequest,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: Json,
  ): Promise<Json> {
    this.#calls += 1;
    const id = String(this.#calls);
    this.#callers.set(id, caller);
    try {
      const answer = await this.#instance.inject({
        method,
        url: BASE + path,
        headers: { [CALL]: id, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      const content = (answer.payload === '' ? {} : JSON.parse(answer.payload)) as Json;
      if (answer.statusCode >= 400) {
        throw new Refused(answer.statusCode, content, answer.headers['retry-after'] as string | undefined);
      }
      return content;
    } finally {
      this.#callers.delete(id);
    }
  }

  /** The object under the wrapper of a show. */
  async show(request: FastifyRequest, path: string, wrapper: string): Promise<Json> {
    return (await this.call(request, 'GET', path))[wrapper] as Json;
  }

  async list(request: FastifyRequest, path: string, plural: string): Promise<Json[]> {
    return (await this.call(request, 'GET', path))[plural] as Json[];
  }

  close(): Promise<void> {
    return this.#instance.close();
  }
}
