import { Amphorae, Operations, Providers, Quotas } from './administration.ts';
import { Api, type ApiOptions, type CallOptions } from './api.ts';
import { Collection, ProvisionedCollection, unwrap } from './collection.ts';
import { type EventOptions, events, type Happened } from './events.ts';
import { Listeners, LoadBalancers } from './load-balancers.ts';
import { Members } from './members.ts';
import { pathPart } from './path-part.ts';
import type {
  AvailabilityZone,
  AvailabilityZoneCreate,
  AvailabilityZoneFilter,
  AvailabilityZoneProfile,
  AvailabilityZoneProfileCreate,
  AvailabilityZoneProfileFilter,
  AvailabilityZoneProfileUpdate,
  AvailabilityZoneUpdate,
  Flavor,
  FlavorCreate,
  FlavorFilter,
  FlavorProfile,
  FlavorProfileCreate,
  FlavorProfileFilter,
  FlavorProfileUpdate,
  FlavorUpdate,
  HealthMonitor,
  HealthMonitorCreate,
  HealthMonitorFilter,
  HealthMonitorUpdate,
  L7Policy,
  L7PolicyCreate,
  L7PolicyFilter,
  L7PolicyUpdate,
  L7Rule,
  L7RuleCreate,
  L7RuleFilter,
  L7RuleUpdate,
  Pool,
  PoolCreate,
  PoolFilter,
  PoolUpdate,
  Version,
} from './wire.gen.ts';

/**
 * Typed client of the load balancing API v2.
 *
 * ```ts
 * const client = new OctaviaClient({ baseUrl: 'http://127.0.0.1:9876', projectId: 'demo' });
 * const { id } = await client.loadBalancers.create({ name: 'web', vip_subnet_id });
 * await client.loadBalancers.waitFor(id, 'ACTIVE');
 * ```
 */
export class OctaviaClient {
  readonly loadBalancers: LoadBalancers;
  readonly listeners: Listeners;
  readonly pools: ProvisionedCollection<Pool, PoolCreate, PoolUpdate, PoolFilter>;
  readonly healthMonitors: ProvisionedCollection<
    HealthMonitor,
    HealthMonitorCreate,
    HealthMonitorUpdate,
    HealthMonitorFilter
  >;
  readonly l7Policies: ProvisionedCollection<L7Policy, L7PolicyCreate, L7PolicyUpdate, L7PolicyFilter>;
  readonly quotas: Quotas;
  readonly providers: Providers;
  readonly flavors: Collection<Flavor, FlavorCreate, FlavorUpdate, FlavorFilter>;
  readonly flavorProfiles: Collection<FlavorProfile, FlavorProfileCreate, FlavorProfileUpdate, FlavorProfileFilter>;
  /** By name: availability zones have no id. */
  readonly availabilityZones: Collection<
    AvailabilityZone,
    AvailabilityZoneCreate,
    AvailabilityZoneUpdate,
    AvailabilityZoneFilter
  >;
  readonly availabilityZoneProfiles: Collection<
    AvailabilityZoneProfile,
    AvailabilityZoneProfileCreate,
    AvailabilityZoneProfileUpdate,
    AvailabilityZoneProfileFilter
  >;
  readonly amphorae: Amphorae;
  readonly operations: Operations;
  /** For calls that have no method here. */
  readonly api: Api;

  constructor(options: ApiOptions) {
    const api = new Api(options);
    const lbaas = (path: string, singular: string, plural = `${singular}s`, links?: string) => ({
      path: `/v2/lbaas/${path}`,
      singular,
      plural,
      ...(links === undefined ? {} : { links }),
    });
    this.api = api;
    this.loadBalancers = new LoadBalancers(api);
    this.listeners = new Listeners(api);
    this.pools = new ProvisionedCollection(api, lbaas('pools', 'pool'));
    this.healthMonitors = new ProvisionedCollection(api, lbaas('healthmonitors', 'healthmonitor'));
    this.l7Policies = new ProvisionedCollection(api, lbaas('l7policies', 'l7policy', 'l7policies'));
    this.quotas = new Quotas(api);
    this.providers = new Providers(api);
    this.flavors = new Collection(api, lbaas('flavors', 'flavor'));
    this.flavorProfiles = new Collection(
      api,
      lbaas('flavorprofiles', 'flavorprofile', 'flavorprofiles', 'flavorprofile_links'),
    );
    this.availabilityZones = new Collection(api, lbaas('availabilityzones', 'availability_zone'));
    this.availabilityZoneProfiles = new Collection(
      api,
      lbaas(
        'availabilityzoneprofiles',
        'availability_zone_profile',
        'availability_zone_profiles',
        'availability_zone_profile_links',
      ),
    );
    this.amphorae = new Amphorae(api);
    this.operations = new Operations(api);
  }

  /** The members of one pool. */
  members(poolId: string): Members {
    return new Members(this.api, poolId);
  }

  /** The rules of one L7 policy. */
  l7Rules(policyId: string): ProvisionedCollection<L7Rule, L7RuleCreate, L7RuleUpdate, L7RuleFilter> {
    const path = `/v2/lbaas/l7policies/${pathPart(policyId)}/rules`;
    return new ProvisionedCollection(this.api, { path, singular: 'rule', plural: 'rules' });
  }

  /**
   * What happens from now on, or after a position.
   *
   * ```ts
   * for await (const { events, reload } of client.events({ kinds: ['health'] })) console.log(reload, events);
   * ```
   */
  events(options: EventOptions = {}): AsyncGenerator<Happened, never> {
    return events(this.api, options);
  }

  /** Which releases of the API there are; the last one is what it offers. */
  async versions(options: CallOptions = {}): Promise<Version[]> {
    return unwrap(await this.api.request('GET', '/', options), 'versions');
  }
}
