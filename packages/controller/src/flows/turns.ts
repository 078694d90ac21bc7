/** What waits, first come first served for each key, the keys taking turns. */
export class Turns<T> {
  /** The key whose turn it is comes first. */
  readonly #waiting = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(key: string, item: T): void {
    const others = this.#waiting.get(key);
    if (others) others.push(item);
    else this.#waiting.set(key, [item]);
    this.#size += 1;
  }

  /** The next one that may go; its key then goes to the end of the round. */
  take(mayGo: (item: T) => boolean): T | null {
    for (const [key, items] of this.#waiting) {
      const [first] = items;
      if (first === undefined || !mayGo(first)) continue;
      items.shift();
      this.#size -= 1;
      this.#waiting.delete(key);
      if (items.length > 0) this.#waiting.set(key, items);
      return first;
    }
    return null;
  }

  /** Takes out everything for which it is true. */
  remove(isMeant: (item: T) => boolean): T[] {
    const removed: T[] = [];
    for (const [key, items] of this.#waiting) {
      const rest = items.filter((item) => !isMeant(item));
      removed.push(...items.filter(isMeant));
      if (rest.length > 0) this.#waiting.set(key, rest);
      else this.#waiting.delete(key);
    }
    this.#size -= removed.length;
    return removed;
  }
}
