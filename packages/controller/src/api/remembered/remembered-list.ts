/**
 * A list that remembers what it answered of each row, by the row's version: it reads ids and versions of its page, and
 * writes only what has changed since. It answers what `answerList` answers, for a quarter of the work; `[api_settings]
 * remember_lists` switches it off.
 */
import type { FastifyRequest } from 'fastify';
import type { Executor, Store } from '../../store/core/database.ts';
import type { ListQuery } from '../../store/core/list-query.ts';
import type { RowVersion } from '../../store/core/table.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { asking, type Collection, linksOf } from '../lists/collection.ts';
import { RowTexts } from './row-texts.ts';

/** Up to this share of a page is read row by row; of more, the page is read again. */
const FEW = 1 / 4;

/** What a response object is made of is a function of the row's version: else it must not be remembered. */
export interface VersionedCollection<R extends RowVersion> extends Collection<R> {
  versions(executor: Executor, query: ListQuery): Promise<RowVersion[]>;
  /** The rows with these ids, in any order. */
  rowsOf(executor: Executor, ids: readonly string[]): Promise<R[]>;
}

interface RowText extends RowVersion {
  text: string;
}

export class RememberedList<R extends RowVersion> {
  readonly #store: Store;
  readonly #written = new RowTexts();

  constructor(store: Store) {
    this.#store = store;
    // Versions are those of one server.
    store.onConnection(() => this.#written.forget());
  }

  /** @returns JSON text; null when the request is for parts of rows, which nobody remembers */
  async answer(
    deps: ApiDependencies,
    request: FastifyRequest,
    collection: VersionedCollection<R>,
  ): Promise<string | null> {
    const { query, fields, empty } = asking(deps, request, collection);
    if (fields !== undefined) return null;
    const rows = empty ? [] : await this.#page(collection, query);
    const ids = rows.map(({ id }) => id);
    const links = JSON.stringify(linksOf(deps, request, query, ids));
    const { plural, linksKey = `${plural}_links` } = collection;
    return `{"${plural}":[${rows.map(({ text }) => text).join(',')}],"${linksKey}":${links}}`;
  }

  /** One statement when all rows are known, two otherwise (and one more for each with a marker). */
  async #page(collection: VersionedCollection<R>, query: ListQuery): Promise<RowText[]> {
    const { db } = this.#store;
    const page = await collection.versions(db, query);
    const known = page.map((row) => ({ ...row, text: this.#written.get(row.id, row.version) ?? null }));
    const unknown = known.flatMap(({ id, text }) => (text === null ? [id] : []));
    if (unknown.length <= page.length * FEW) {
      const read = unknown.length === 0 ? [] : await this.#write(collection, await collection.rowsOf(db, unknown));
      const written = new Map(read.map((row) => [`${row.id} ${row.version}`, row.text]));
      const rows = known.flatMap(({ id, version, text }) => {
        const found = text ?? written.get(`${id} ${version}`);
        return found === undefined ? [] : [{ id, version, text: found }];
      });
      // Else one of them is not what it was when the page was read.
      if (rows.length === page.length) return rows;
    }
    return this.#write(collection, await collection.list(db, query));
  }

  async #write({ respond }: VersionedCollection<R>, rows: R[]): Promise<RowText[]> {
    const objects = await respond(rows, undefined);
    return rows.map(({ id, version }, index) => {
      const text = JSON.stringify(objects[index]);
      this.#written.set(id, version, text);
      return { id, version, text };
    });
  }
}
