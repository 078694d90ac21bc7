import { type Api, type CallOptions, parsed } from './api.ts';
import { ProvisionedCollection, unwrap, unwrapList } from './collection.ts';
import { pathPart } from './path-part.ts';
import type {
  DesiredState,
  DesiredStatePlan,
  HealthTransition,
  Listener,
  ListenerCreate,
  ListenerFilter,
  ListenerHistory,
  ListenerUpdate,
  LoadBalancer,
  LoadBalancerCreate,
  LoadBalancerCreated,
  LoadBalancerFilter,
  LoadBalancerStatus,
  LoadBalancerUpdate,
  OwnOperation,
  Route,
  Statistics,
} from './wire.gen.ts';

const aboutPath = (id: string, part: string): string => `/v2/octavia/loadbalancers/${pathPart(id)}/${part}`;
const desiredStatePath = (reference: string): string => `/v2/octavia/desired-state/${pathPart(reference)}`;

export class LoadBalancers extends ProvisionedCollection<
  LoadBalancer,
  LoadBalancerCreate,
  LoadBalancerUpdate,
  LoadBalancerFilter,
  LoadBalancerCreated
> {
  constructor(api: Api) {
    super(api, { path: '/v2/lbaas/loadbalancers', singular: 'loadbalancer', plural: 'loadbalancers' });
  }

  /** @param cascade with everything below it; without it only an empty load balancer goes */
  override async delete(id: string, { cascade, ...options }: CallOptions & { cascade?: boolean } = {}): Promise<void> {
    await this.api.request('DELETE', this.path(id), { query: { cascade }, ...options });
  }

  /** The tree of everything below it, with both statuses of each. */
  async status(id: string, options: CallOptions = {}): Promise<LoadBalancerStatus> {
    return unwrap(unwrap(await this.api.request('GET', this.path(id, 'status'), options), 'statuses'), 'loadbalancer');
  }

  /** Summed over its listeners. */
  async stats(id: string, options: CallOptions = {}): Promise<Statistics> {
    return unwrap(await this.api.request('GET', this.path(id, 'stats'), options), 'stats');
  }

  /** Replaces its amphorae, one after the other. */
  async failover(id: string, options: CallOptions = {}): Promise<void> {
    await this.api.request('PUT', this.path(id, 'failover'), options);
  }

  /**
   * It and everything below it as one document, which `applyDesiredState` takes.
   * @param reference name or id @returns with the entity tag of the whole
   */
  async desiredState(reference: string, options: CallOptions = {}): Promise<{ document: DesiredState; tag: string }> {
    const path = desiredStatePath(reference);
    const answer = await this.api.exchange('GET', path, options);
    const body = parsed(`${this.api.root}${path}`, answer);
    return { document: unwrap(body, 'loadbalancer'), tag: answer.headers.etag ?? '' };
  }

  /**
   * Makes it, and everything below it, what the document says, as one change; one that is not there is created.
   * @param reference name or id
   * @param dryRun only tells what would change
   * @param prune deletes what the document does not have
   * @param tag of what was read: when it has changed since, nothing is done, and the error has the status 412
   */
  async applyDesiredState(
    reference: string,
    document: DesiredState,
    { dryRun, prune, tag, ...options }: CallOptions & { dryRun?: boolean; prune?: boolean; tag?: string } = {},
  ): Promise<DesiredStatePlan> {
    const call = {
      query: { dry_run: dryRun, prune },
      body: { loadbalancer: document },
      ...(tag === undefined ? {} : { headers: { 'if-match': tag } }),
      ...options,
    };
    return unwrap(await this.api.request('PUT', desiredStatePath(reference), call), 'plan');
  }

  /** What was and is being done, newest first, with every step. */
  async operations(id: string, options: CallOptions = {}): Promise<OwnOperation[]> {
    return unwrapList(await this.api.request('GET', this.path(id, 'operations'), options), 'operations');
  }

  /** When its members changed their operating status, and why; newest first. */
  async healthHistory(
    id: string,
    { memberId, limit, ...options }: CallOptions & { memberId?: string; limit?: number } = {},
  ): Promise<HealthTransition[]> {
    const call = { query: { member_id: memberId, limit }, ...options };
    return unwrapList(await this.api.request('GET', aboutPath(id, 'history/health'), call), 'transitions');
  }

  /**
   * What each of its listeners counted, oldest first.
   * @param step in seconds: 300 (the last day) or 3600 (the last 30 days)
   */
  async statisticsHistory(
    id: string,
    { step, ...options }: CallOptions & { step?: 300 | 3600 } = {},
  ): Promise<ListenerHistory[]> {
    const call = { query: { step }, ...options };
    return unwrapList(await this.api.request('GET', aboutPath(id, 'history/statistics'), call), 'listeners');
  }

  /** Which pool would get the request, and which policy decides. */
  async route(id: string, request: RouteRequest, options: CallOptions = {}): Promise<Route> {
    const query = {
      url: request.url,
      method: request.method,
      header: request.headers,
      client_address: request.clientAddress,
      listener_id: request.listenerId,
      verify_result: request.verifyResult,
      subject: request.subject,
    };
    return unwrap(await this.api.request('GET', aboutPath(id, 'route'), { query, ...options }), 'route');
  }
}

/** A request that nobody sends. */
export interface RouteRequest {
  /** As clients write it, with `http://` or `https://`. */
  url: string;
  /** GET by default. */
  method?: string;
  /** Each as `Name: value`; cookies are one, too. */
  headers?: readonly string[];
  clientAddress?: string;
  /** By default the one with the port of the URL. */
  listenerId?: string;
  /** What became of the client's certificate; 0: it is good. */
  verifyResult?: number;
  /** Fields of the certificate, such as `CN=name`. */
  subject?: readonly string[];
}

export class Listeners extends ProvisionedCollection<Listener, ListenerCreate, ListenerUpdate, ListenerFilter> {
  constructor(api: Api) {
    super(api, { path: '/v2/lbaas/listeners', singular: 'listener', plural: 'listeners' });
  }

  async stats(id: string, options: CallOptions = {}): Promise<Statistics> {
    return unwrap(await this.api.request('GET', this.path(id, 'stats'), options), 'stats');
  }
}
