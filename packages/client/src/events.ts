/** What happens, told by the service itself: `GET /v2/octavia/events`, as long polls, which pass through whatever sends requests. */
import type { Api, CallOptions, QueryValue } from './api.ts';
import { ApiError, UnavailableError, UnreachableError } from './errors.ts';
import { pause } from './pause.ts';
import type { Event } from './wire.gen.ts';

const PATH = '/v2/octavia/events';

export interface EventOptions extends CallOptions {
  /** Only of this load balancer and what is below it. */
  loadBalancerId?: string | undefined;
  projectId?: string | undefined;
  kinds?: readonly Event['kind'][] | undefined;
  /** Goes on behind this position; without it: from now. */
  after?: string | undefined;
}

/** What happened, and where to go on after it. `reload`: events were missed that are kept no longer; everything has to be read anew. */
export interface Happened {
  events: Event[];
  position: string;
  reload: boolean;
}

/** One long poll. @param seconds that it may take */
async function poll(api: Api, options: EventOptions, seconds: number): Promise<Happened> {
  const { loadBalancerId, projectId, kinds, after, signal } = options;
  const query: Record<string, QueryValue> = {
    loadbalancer_id: loadBalancerId,
    project_id: projectId,
    kind: kinds,
    after,
    timeout: seconds,
  };
  return (await api.request('GET', PATH, { query, signal })) as Happened;
}

/** Of one request; services and proxies are patient for longer. */
const LONGEST_S = 30;
const RETRY_MS = 1_000;

/**
 * Everything that happens from now on, or after a position, without a gap. While the service is away it waits for it.
 * @throws NotFoundError where the service has no events: another implementation of the API, or an older one
 * @throws ApiError; the reason of the signal
 */
export async function* events(api: Api, options: EventOptions = {}): AsyncGenerator<Happened, never> {
  let { after } = options;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const happened = await poll(api, { ...options, after }, LONGEST_S);
      after = happened.position;
      if (happened.events.length > 0 || happened.reload) yield happened;
    } catch (error) {
      const mayPass = error instanceof UnavailableError || (error instanceof UnreachableError && error.mayPass);
      if (!mayPass) throw error;
      await pause(RETRY_MS, options.signal);
    }
  }
}

/** Between two looks, however much happens. */
const SHORTEST_MS = 200;

/** Waits until something may have changed: by events where the service has them, else for the time that is given. */
export class Wakening {
  readonly #api: Api;
  #after: string | undefined;
  #hasEvents = true;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * The first time it ends at once, to be followed by a look: what happens behind that is not missed.
   * @param loadBalancerId what is waited for; undefined: that is not known, so time has to pass
   * @param usualMs without events @param longestMs with them
   * @throws the reason of the signal
   */
  async wait(
    loadBalancerId: string | null | undefined,
    usualMs: number,
    longestMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!this.#hasEvents || loadBalancerId === undefined) return pause(usualMs, signal);
    const seconds = Math.min(LONGEST_S, Math.floor(longestMs / 1000));
    // What is over sooner than a request may last.
    if (seconds === 0) return pause(Math.min(usualMs, longestMs), signal);
    try {
      const isFirst = this.#after === undefined;
      const { position } = await poll(
        this.#api,
        { loadBalancerId: loadBalancerId ?? undefined, after: this.#after, signal },
        seconds,
      );
      this.#after = position;
      if (!isFirst) await pause(SHORTEST_MS, signal);
    } catch (error) {
      signal?.throwIfAborted();
      // It has none, or this caller may not hear them.
      if (error instanceof ApiError && error.status < 500) this.#hasEvents = false;
      await pause(usualMs, signal);
    }
  }
}

/** The load balancer of what an answer shows. @param singular of the kind */
export function loadBalancerOf(singular: string, item: unknown): string | undefined {
  const { id, loadbalancers, loadbalancer_id: own } = Object(item);
  const found = singular === 'loadbalancer' ? id : (own ?? loadbalancers?.[0]?.id);
  return typeof found === 'string' ? found : undefined;
}
