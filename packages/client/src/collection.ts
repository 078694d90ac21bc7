import type { Query, Transport } from './transport.ts';

/** One kind of object: its path, its wrapper keys and the five calls. */
export class Collection<Item, Create, Update> {
  protected readonly transport: Transport;
  readonly #path: string;
  readonly #singular: string;
  readonly #plural: string;

  constructor(transport: Transport, path: string, singular: string, plural: string) {
    this.transport = transport;
    this.#path = path;
    this.#singular = singular;
    this.#plural = plural;
  }

  async create(input: Create): Promise<Item> {
    return this.#unwrap(await this.transport.request('POST', this.#path, { [this.#singular]: input }), this.#singular);
  }

  /** One page; filters, sorting and paging as query parameters of the API. */
  async list(query: Query = {}): Promise<Item[]> {
    return this.#unwrap(await this.transport.request('GET', this.#path, undefined, query), this.#plural);
  }

  async show(id: string): Promise<Item> {
    return this.#unwrap(await this.transport.request('GET', this.path(id)), this.#singular);
  }

  async update(id: string, input: Update): Promise<Item> {
    return this.#unwrap(
      await this.transport.request('PUT', this.path(id), { [this.#singular]: input }),
      this.#singular,
    );
  }

  async delete(id: string, query: Query = {}): Promise<void> {
    await this.transport.request('DELETE', this.path(id), undefined, query);
  }

  protected path(id: string): string {
    return `${this.#path}/${encodeURIComponent(id)}`;
  }

  #unwrap<T>(body: unknown, key: string): T {
    const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[key] : undefined;
    if (value === undefined) throw new TypeError(`The answer has no "${key}": is this an Octavia API?`);
    return value as T;
  }
}
