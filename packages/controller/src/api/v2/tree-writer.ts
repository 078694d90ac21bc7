/**
 * Creates that arrive while another is being written are written together by the next statement, with the operations that
 * carry them out: under load one commit serves many. A tree that is not written this way, for whatever reason, takes the
 * transaction of its own instead, which waits for locks and knows how to refuse.
 */
import type { Store } from '../../store/core/database.ts';
import { insertTrees, type NewTree } from '../../store/resources/new-trees.ts';
import type { QuotaRules } from '../../store/resources/quotas.ts';

interface Waiting {
  tree: NewTree;
  settle(written: boolean): void;
}

/** Rows of a statement: what arrives beyond it goes into the next. */
const MAXIMUM_TREES = 32;
/** Objects of a tree that shares its statement; larger ones would make the others wait. */
const MAXIMUM_OBJECTS = 500;

const sizeOf = (tree: NewTree): number => tree.listeners.length + tree.pools.length + tree.members.length;

export class TreeWriter {
  readonly #store: Store;
  readonly #rules: QuotaRules;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(store: Store, rules: QuotaRules) {
    this.#store = store;
    this.#rules = rules;
  }

  /** @returns whether the tree is written and committed; if not, nothing of it is */
  write(tree: NewTree): Promise<boolean> {
    if (sizeOf(tree) > MAXIMUM_OBJECTS) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#waiting.push({ tree, settle });
      if (!this.#writing) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAXIMUM_TREES);
      const projects = await this.#insert(batch.map(({ tree }) => tree));
      for (const { tree, settle } of batch) settle(projects.has(tree.loadBalancer.projectId));
      // Requests that came in meanwhile get as far as the queue.
      await new Promise(setImmediate);
    }
    this.#writing = false;
  }

  async #insert(trees: NewTree[]): Promise<ReadonlySet<string>> {
    try {
      return await insertTrees(this.#store.db, trees, this.#rules);
    } catch {
      // The transaction of each tree meets the same obstacle, and reports it.
      return new Set();
    }
  }
}
