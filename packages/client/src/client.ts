import { Collection } from './collection.ts';
import { LoadBalancers, type WaitOptions } from './load-balancers.ts';
import { Transport, type TransportOptions } from './transport.ts';
import type {
  HealthMonitor,
  HealthMonitorCreate,
  HealthMonitorUpdate,
  Listener,
  ListenerCreate,
  ListenerUpdate,
  LoadBalancer,
  Member,
  MemberCreate,
  MemberUpdate,
  Pool,
  PoolCreate,
  PoolUpdate,
  StatusTree,
} from './wire.ts';

/**
 * Typed client of the load balancing API v2.
 *
 * ```ts
 * const client = new OctaviaClient({ baseUrl: 'http://127.0.0.1:9876', projectId: 'demo' });
 * const { id } = await client.loadBalancers.create({ name: 'web', vip_subnet_id });
 * await client.waitForActive(id);
 * ```
 */
export class OctaviaClient {
  readonly loadBalancers: LoadBalancers;
  readonly listeners: Collection<Listener, ListenerCreate, ListenerUpdate>;
  readonly pools: Collection<Pool, PoolCreate, PoolUpdate>;
  readonly healthMonitors: Collection<HealthMonitor, HealthMonitorCreate, HealthMonitorUpdate>;
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.loadBalancers = new LoadBalancers(transport);
    this.listeners = new Collection(transport, '/listeners', 'listener', 'listeners');
    this.pools = new Collection(transport, '/pools', 'pool', 'pools');
    this.healthMonitors = new Collection(transport, '/healthmonitors', 'healthmonitor', 'healthmonitors');
  }

  /** The members of one pool. */
  members(poolId: string): Collection<Member, MemberCreate, MemberUpdate> {
    return new Collection(this.#transport, `/pools/${encodeURIComponent(poolId)}/members`, 'member', 'members');
  }

  statuses(loadBalancerId: string): Promise<StatusTree> {
    return this.loadBalancers.statuses(loadBalancerId);
  }

  waitForActive(loadBalancerId: string, options?: WaitOptions): Promise<LoadBalancer> {
    return this.loadBalancers.waitForActive(loadBalancerId, options);
  }
}
