import type { Api, CallOptions } from './api.ts';
import { ProvisionedCollection, unwrap } from './collection.ts';
import type {
  Listener,
  ListenerCreate,
  ListenerFilter,
  ListenerUpdate,
  LoadBalancer,
  LoadBalancerCreate,
  LoadBalancerCreated,
  LoadBalancerFilter,
  LoadBalancerStatus,
  LoadBalancerUpdate,
  OwnOperation,
  Statistics,
} from './wire.gen.ts';

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

  /** What was and is being done, newest first, with every step. */
  async operations(id: string, options: CallOptions = {}): Promise<OwnOperation[]> {
    return unwrap(await this.api.request('GET', this.path(id, 'operations'), options), 'operations');
  }
}

export class Listeners extends ProvisionedCollection<Listener, ListenerCreate, ListenerUpdate, ListenerFilter> {
  constructor(api: Api) {
    super(api, { path: '/v2/lbaas/listeners', singular: 'listener', plural: 'listeners' });
  }

  async stats(id: string, options: CallOptions = {}): Promise<Statistics> {
    return unwrap(await this.api.request('GET', this.path(id, 'stats'), options), 'stats');
  }
}
