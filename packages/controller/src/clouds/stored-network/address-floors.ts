/** How long a search may begin above an address that was given back meanwhile, here or by another process. */
const REMEMBERED_MS = 5_000;
const MAXIMUM_REMEMBERED = 1_000;

/**
 * Where in a subnet the search for a free address begins: after the one that was found last. Who makes many ports in a row
 * need not pass all that are taken each time (10 ms beside 10,000 of them).
 */
export class AddressFloors {
  readonly #floors = new Map<string, { position: number; until: number }>();

  /** @param count of addresses in the subnet's window */
  of(subnetId: string, count: number): number {
    const floor = this.#floors.get(subnetId);
    return floor && floor.until > performance.now() && floor.position < count ? floor.position : 0;
  }

  note(subnetId: string, found: number): void {
    const now = performance.now();
    const known = this.#floors.get(subnetId);
    // The first of a row says how long it may last: addresses that were given back are found again.
    const until = known && known.until > now ? known.until : now + REMEMBERED_MS;
    if (this.#floors.size >= MAXIMUM_REMEMBERED) this.#floors.clear();
    this.#floors.set(subnetId, { position: found + 1, until });
  }

  /** An address was given back. */
  forget(): void {
    this.#floors.clear();
  }
}
