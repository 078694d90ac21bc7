import type { Api, CallOptions, QueryValue } from './api.ts';
import { AnswerError, NotFoundError, WaitError } from './errors.ts';
import { loadBalancerOf, Wakening } from './events.ts';
import { Listing, nextQuery } from './listing.ts';
import { pathPart } from './path-part.ts';
import { type Look, poll, type WaitOptions, type Waken } from './wait.ts';
import type { ProvisioningStatus } from './wire.gen.ts';

/** Where a kind is found, and what its bodies are wrapped in. */
export interface Kind {
  /** Below the root, for example `/v2/lbaas/pools`. */
  path: string;
  singular: string;
  plural: string;
  /** Key of the links of a list, where it is not `<plural>_links`. */
  links?: string;
}

/** Paging and sorting, of every list. */
export interface Paging {
  /** Objects in one answer; the service may give fewer. */
  limit?: number | undefined;
  /** Id of the object in front of the first. */
  marker?: string | undefined;
  page_reverse?: boolean | undefined;
  /** For example `name:asc,created_at:desc`. */
  sort?: string | undefined;
  sort_key?: string | undefined;
  sort_dir?: 'asc' | 'desc' | undefined;
}

/** Filters by their names in the API; several values of one name are repeated. */
export type ListQuery<Filter extends string> = Paging & { [name in Filter]?: QueryValue };

/** A kind that can be read. */
export class ReadableCollection<Item extends object, Filter extends string, Listed extends object = Item> {
  protected readonly api: Api;
  protected readonly kind: Kind;

  constructor(api: Api, kind: Kind) {
    this.api = api;
    this.kind = kind;
  }

  /** Every object that passes the filters, over all pages. `fields`: only these attributes. */
  list<Field extends keyof Listed & string>(
    query: ListQuery<Filter> & { fields: readonly Field[] },
    options?: CallOptions,
  ): Listing<Pick<Listed, Field>>;
  list(query?: ListQuery<Filter>, options?: CallOptions): Listing<Listed>;
  list(query: Readonly<Record<string, QueryValue>> = {}, options: CallOptions = {}): Listing<Listed> {
    const { path, plural, links = `${plural}_links` } = this.kind;
    return new Listing(async (next) => {
      const body = await this.api.request('GET', path, { query: next ?? query, ...options });
      return { items: unwrapList(body, plural), next: nextQuery(Object(body)[links]) };
    });
  }

  async show(id: string, options: CallOptions = {}): Promise<Item> {
    return unwrap(await this.api.request('GET', this.path(id), options), this.kind.singular);
  }

  protected path(id: string, ...parts: string[]): string {
    return [this.kind.path, pathPart(id), ...parts].join('/');
  }
}

/** One that can be created, changed and deleted. The calls answer when the change is accepted, not when it is done. */
export class Collection<
  Item extends object,
  Create extends object,
  Update extends object,
  Filter extends string,
  Created extends object = Item,
> extends ReadableCollection<Item, Filter> {
  async create(input: Create, options: CallOptions = {}): Promise<Created> {
    const { path, singular } = this.kind;
    return unwrap(await this.api.request('POST', path, { body: { [singular]: input }, ...options }), singular);
  }

  async update(id: string, input: Update, options: CallOptions = {}): Promise<Item> {
    const { singular } = this.kind;
    return unwrap(await this.api.request('PUT', this.path(id), { body: { [singular]: input }, ...options }), singular);
  }

  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.api.request('DELETE', this.path(id), options);
  }
}

interface Provisioned {
  provisioning_status: ProvisioningStatus;
}

/** One whose changes are carried out later: `provisioning_status` tells. */
export class ProvisionedCollection<
  Item extends Provisioned,
  Create extends object,
  Update extends object,
  Filter extends string,
  Created extends object = Item,
> extends Collection<Item, Create, Update, Filter, Created> {
  /**
   * @param seen is called with every look, for example to show progress
   * @throws WaitError when it is ERROR instead, or takes too long; NotFoundError; the reason of the signal
   */
  waitFor(
    id: string,
    status: ProvisioningStatus = 'ACTIVE',
    { seen, ...options }: WaitOptions & { seen?: (item: Item) => void } = {},
  ): Promise<Item> {
    const wakened = this.#wakened(options);
    const look = async (): Promise<Look<Item>> => {
      const item = await this.show(id, options);
      wakened.by(item);
      seen?.(item);
      const { provisioning_status: state } = item;
      if (state === status) return { done: true, value: item };
      if (state === 'ERROR') throw failed(this.kind, id, item);
      return { done: false, state };
    };
    return poll(options, `${this.kind.singular} ${id} to become ${status}`, look, wakened.waken);
  }

  /** @throws WaitError when it is ERROR instead, or takes too long; the reason of the signal */
  waitForDeleted(id: string, options: WaitOptions = {}): Promise<void> {
    const wakened = this.#wakened(options);
    const look = async (): Promise<Look<void>> => {
      const item = await this.show(id, options).catch(gone);
      wakened.by(item);
      if (item === null || item.provisioning_status === 'DELETED') return { done: true, value: undefined };
      if (item.provisioning_status === 'ERROR') throw failed(this.kind, id, item);
      return { done: false, state: item.provisioning_status };
    };
    return poll(options, `${this.kind.singular} ${id} to be deleted`, look, wakened.waken);
  }

  /** By events of the load balancer of what was seen last. */
  #wakened({ signal }: CallOptions): { by(item: Item | null): void; waken: Waken } {
    const wakening = new Wakening(this.api);
    let loadBalancerId: string | undefined;
    return {
      by: (item) => {
        loadBalancerId = loadBalancerOf(this.kind.singular, item);
      },
      waken: (usualMs, longestMs) => wakening.wait(loadBalancerId, usualMs, longestMs, signal),
    };
  }
}

/** The handler of `show`: null where there is nothing. */
export function gone(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}

/** Says why where the service does. */
function failed({ singular }: Kind, id: string, item: object): WaitError {
  const { status_reason: reason } = item as { status_reason?: unknown };
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  return new WaitError(`${singular} ${id} ended in ERROR${why}`, { state: 'ERROR', timedOut: false });
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** One object, or a list where the caller knows of one. @throws AnswerError */
export function unwrap<T>(body: unknown, key: string): T {
  const value = Object(body)[key] as unknown;
  if (!isObject(value)) throw new AnswerError(`The answer has no "${key}": is this an Octavia API?`);
  return value as T;
}

/** @throws AnswerError unless it is a list of objects */
export function unwrapList<T>(body: unknown, key: string): T[] {
  const value = unwrap<unknown>(body, key);
  if (Array.isArray(value) && value.every(isObject)) return value as T[];
  throw new AnswerError(`"${key}" of the answer is no list of objects: is this an Octavia API?`);
}
