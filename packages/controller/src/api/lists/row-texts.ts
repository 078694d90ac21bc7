/**
 * What was written of rows, by version: a list reads the versions of its page and writes only what has changed since. Two
 * generations instead of an order of use: what nobody asked for while one filled up is forgotten.
 */
import type { KnownRows } from '../../store/core/table.ts';

interface Entry {
  version: string;
  text: string;
}

/** Characters of a generation: some 6,000 load balancers. */
const GENERATION = 4_000_000;

export class RowTexts implements KnownRows<string> {
  readonly #capacity: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #size = 0;

  constructor(capacity = GENERATION) {
    this.#capacity = capacity;
  }

  get(id: string, version: string): string | undefined {
    const entry = this.#young.get(id);
    if (entry) return entry.version === version ? entry.text : undefined;
    const older = this.#old.get(id);
    if (older?.version !== version) return undefined;
    this.#keep(id, older);
    return older.text;
  }

  set(id: string, version: string, text: string): void {
    // Copied: what was put together of pieces would keep all of them, and the page they were cut from.
    this.#keep(id, { version, text: Buffer.from(text).toString() });
  }

  forget(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#size = 0;
  }

  #keep(id: string, entry: Entry): void {
    this.#young.set(id, entry);
    this.#size += entry.text.length;
    if (this.#size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }
}
