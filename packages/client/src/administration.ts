/** What operators, and tenants who choose, ask for: quotas, providers, amphorae, operations. */
import type { Api, CallOptions } from './api.ts';
import { gone, type ListQuery, ReadableCollection, unwrap, unwrapList } from './collection.ts';
import { WaitError } from './errors.ts';
import { Listing } from './listing.ts';
import { pathPart } from './path-part.ts';
import { poll, type WaitOptions } from './wait.ts';
import type {
  Amphora,
  AmphoraFilter,
  AmphoraStatistics,
  AmphoraStatus,
  Capability,
  ListedOperation,
  ListedQuota,
  Operation,
  OperationFilter,
  Quota,
  QuotaFilter,
  QuotaUpdate,
} from './wire.gen.ts';

/** By id of the project. A number of -1 means unlimited. */
export class Quotas {
  readonly #api: Api;
  readonly #list: ReadableCollection<ListedQuota, QuotaFilter>;

  constructor(api: Api) {
    this.#api = api;
    this.#list = new ReadableCollection(api, { path: '/v2/lbaas/quotas', singular: 'quota', plural: 'quotas' });
  }

  /** Of the projects that have one of their own; null in it: the default. */
  list(query: ListQuery<QuotaFilter> = {}, options: CallOptions = {}): Listing<ListedQuota> {
    return this.#list.list(query, options);
  }

  /** What is in force, with defaults filled in. */
  show(project: string, options: CallOptions = {}): Promise<Quota> {
    return this.#list.show(project, options) as Promise<Quota>;
  }

  /** What projects without one of their own have. */
  async defaults(options: CallOptions = {}): Promise<Quota> {
    return unwrap(await this.#api.request('GET', '/v2/lbaas/quotas/defaults', options), 'quota');
  }

  /** null: the default again. */
  async update(project: string, input: QuotaUpdate, options: CallOptions = {}): Promise<Quota> {
    const body = { quota: input };
    return unwrap(await this.#api.request('PUT', quotaPath(project), { body, ...options }), 'quota');
  }

  /** Back to the defaults. */
  async delete(project: string, options: CallOptions = {}): Promise<void> {
    await this.#api.request('DELETE', quotaPath(project), options);
  }
}

const quotaPath = (project: string): string => `/v2/lbaas/quotas/${pathPart(project)}`;

/** By name. */
export class Providers {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  list(options: CallOptions = {}): Listing<Capability> {
    return this.#whole('/v2/lbaas/providers', 'providers', options);
  }

  /** What flavors of this provider may ask for. */
  flavorCapabilities(name: string, options: CallOptions = {}): Listing<Capability> {
    return this.#capabilities(name, 'flavor_capabilities', options);
  }

  /** What availability zones of this provider may ask for. */
  availabilityZoneCapabilities(name: string, options: CallOptions = {}): Listing<Capability> {
    return this.#capabilities(name, 'availability_zone_capabilities', options);
  }

  #capabilities(name: string, kind: string, options: CallOptions): Listing<Capability> {
    return this.#whole(`/v2/lbaas/providers/${pathPart(name)}/${kind}`, kind, options);
  }

  /** These lists have no pages. */
  #whole(path: string, key: string, options: CallOptions): Listing<Capability> {
    return new Listing(async () => ({
      items: unwrapList(await this.#api.request('GET', path, options), key),
      next: null,
    }));
  }
}

export class Amphorae extends ReadableCollection<Amphora, AmphoraFilter> {
  constructor(api: Api) {
    super(api, { path: '/v2/octavia/amphorae', singular: 'amphora', plural: 'amphorae' });
  }

  /** One row for each listener. */
  async stats(id: string, options: CallOptions = {}): Promise<AmphoraStatistics[]> {
    return unwrapList(await this.api.request('GET', this.path(id, 'stats'), options), 'amphora_stats');
  }

  /** Replaces it. */
  async failover(id: string, options: CallOptions = {}): Promise<void> {
    await this.api.request('PUT', this.path(id, 'failover'), options);
  }

  /** Gives it what the configuration of its agent is now. */
  async configure(id: string, options: CallOptions = {}): Promise<void> {
    await this.api.request('PUT', this.path(id, 'config'), options);
  }

  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.api.request('DELETE', this.path(id), options);
  }

  /** @throws WaitError when it is ERROR instead, or takes too long; NotFoundError; the reason of the signal */
  waitFor(id: string, status: AmphoraStatus = 'ALLOCATED', options: WaitOptions = {}): Promise<Amphora> {
    return poll(options, `amphora ${id} to become ${status}`, async () => {
      const amphora = await this.show(id, options);
      if (amphora.status === status) return { done: true, value: amphora };
      if (amphora.status === 'ERROR') throw new WaitError(`amphora ${id} ended in ERROR`, ERROR);
      return { done: false, state: amphora.status };
    });
  }

  /** @throws WaitError when it is ERROR instead, or takes too long; the reason of the signal */
  waitForDeleted(id: string, options: WaitOptions = {}): Promise<void> {
    return poll(options, `amphora ${id} to be deleted`, async () => {
      const amphora = await this.show(id, options).catch(gone);
      if (amphora === null || amphora.status === 'DELETED') return { done: true, value: undefined };
      if (amphora.status === 'ERROR') throw new WaitError(`amphora ${id} ended in ERROR`, ERROR);
      return { done: false, state: amphora.status };
    });
  }
}

const ERROR = { state: 'ERROR', timedOut: false };

/** What the service does, of all projects. Tenants read those of a load balancer: `loadBalancers.operations`. */
export class Operations extends ReadableCollection<Operation, OperationFilter, ListedOperation> {
  constructor(api: Api) {
    super(api, { path: '/v2/octavia/operations', singular: 'operation', plural: 'operations' });
  }

  /** Carries a failed operation out again. @returns the new one */
  resume(id: string, reason: string | null = null, options: CallOptions = {}): Promise<Operation> {
    return this.#verb(id, 'resume', { reason }, options);
  }

  /** Has one that runs or waits undone before its next step. */
  abandon(id: string, reason: string | null = null, options: CallOptions = {}): Promise<Operation> {
    return this.#verb(id, 'abandon', { reason }, options);
  }

  /** Ends it as it is and sets the statuses it left; nothing is done or undone. */
  reset(
    id: string,
    status: 'ACTIVE' | 'ERROR',
    reason: string | null = null,
    options: CallOptions = {},
  ): Promise<Operation> {
    return this.#verb(id, 'reset', { status, reason }, options);
  }

  /**
   * Until it has ended.
   * @param seen is called with every look
   * @throws WaitError when it failed, or takes too long; the reason of the signal
   */
  waitFor(
    id: string,
    { seen, ...options }: WaitOptions & { seen?: (operation: Operation) => void } = {},
  ): Promise<Operation> {
    return poll(options, `operation ${id} to end`, async () => {
      const operation = await this.show(id, options);
      seen?.(operation);
      const { state, reason } = operation;
      if (state === 'succeeded') return { done: true, value: operation };
      if (state === 'failed') {
        throw new WaitError(`operation ${id} failed${reason ? `: ${reason}` : ''}`, { state, timedOut: false });
      }
      return { done: false, state };
    });
  }

  async #verb(id: string, verb: string, operation: object, options: CallOptions): Promise<Operation> {
    return unwrap(await this.api.request('PUT', this.path(id, verb), { body: { operation }, ...options }), 'operation');
  }
}
