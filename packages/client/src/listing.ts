import { AnswerError } from './errors.ts';

export interface Page<Item> {
  items: Item[];
  /** Query of the page behind it; null at the end. */
  next: URLSearchParams | null;
}

/**
 * What a list call finds. Nothing is asked for before it is read, and no page before the one in front of it is used up.
 *
 * ```ts
 * for await (const pool of client.pools.list({ sort: 'name' })) console.log(pool.name);
 * const all = await client.pools.list().toArray();
 * ```
 */
export class Listing<Item> implements AsyncIterable<Item> {
  readonly #ask: (query: URLSearchParams | null) => Promise<Page<Item>>;

  /** @param ask null: for the first page */
  constructor(ask: (query: URLSearchParams | null) => Promise<Page<Item>>) {
    this.#ask = ask;
  }

  /** One array for each answer of the service. */
  async *pages(): AsyncGenerator<Item[], void> {
    let query: URLSearchParams | null = null;
    do {
      const page: Page<Item> = await this.#ask(query);
      yield page.items;
      if (query !== null && String(page.next) === String(query)) {
        throw new AnswerError('The service names a page as the one behind itself.');
      }
      query = page.next;
    } while (query !== null);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    for await (const page of this.pages()) yield* page;
  }

  async toArray(): Promise<Item[]> {
    // One by one: a page may be longer than a call may have arguments.
    const all: Item[] = [];
    for await (const page of this.pages()) for (const item of page) all.push(item);
    return all;
  }

  /** Asks for one page only. */
  async first(): Promise<Item | undefined> {
    const { items } = await this.#ask(null);
    return items[0];
  }
}

/**
 * The query of the `next` link. Its host and path are not followed: a service behind a proxy may not know how it is reached,
 * and a token goes nowhere but to the address it was meant for.
 */
export function nextQuery(links: unknown): URLSearchParams | null {
  const next = Array.isArray(links) ? links.find((link) => Object(link).rel === 'next') : undefined;
  const { href } = Object(next) as { href?: unknown };
  return typeof href === 'string' ? new URL(href, 'http://host').searchParams : null;
}
