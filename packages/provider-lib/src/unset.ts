/** The value of fields that nobody has mentioned. Source: provider driver guide, "Unset". */

/** How Node's consoles ask for a text; by its public name, so that the declarations need no types of Node's. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

class UnsetType {
  toString(): string {
    return 'Unset';
  }
  /** JSON leaves such fields out. */
  toJSON(): undefined {
    return undefined;
  }
  [INSPECT](): string {
    return 'Unset';
  }
}

export type { UnsetType };

/** Under this name copies of the package that are loaded side by side find the same value. */
const SHARED = Symbol.for('@octavia/provider-lib/Unset');
const shared = globalThis as { [SHARED]?: UnsetType };
shared[SHARED] ??= Object.freeze(new UnsetType());

/**
 * There is one such value; compare with `=== Unset` or `isUnset`. In an update it means "keep what there is", where null means
 * "clear it". It is an object, so in a condition it counts as true: JavaScript knows no other falsy values than its own.
 */
export const Unset: UnsetType = shared[SHARED];

export const isUnset = (value: unknown): value is UnsetType => value === Unset;

/** The value, or what stands in for one that is not set. */
export const orElse = <T, U>(value: T | UnsetType, otherwise: U): T | U => (isUnset(value) ? otherwise : value);

/** A field of a data object: set, cleared (null), or not mentioned. */
export type Settable<T> = T | null | UnsetType;
