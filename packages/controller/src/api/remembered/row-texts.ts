/**
 * What was written of rows, by version. Two generations instead of an order of use: what nobody asked for while one filled up
 * is forgotten.
 */

interface Entry {
  version: string;
  text: string;
}

/** Characters of a generation: some 6,000 load balancers. */
const GENERATION = 4_000_000;

export class RowTexts {
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
    this.#keep(id, { version, text });
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
