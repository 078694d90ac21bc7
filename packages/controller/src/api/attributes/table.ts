/** Attribute tables: the field tables of the API contract as data, keyed by domain field. */
import type { JsonSchema, ValueType } from './value-type.ts';

/** On which requests an attribute is accepted; anywhere else it is an unknown attribute. */
type Accepted = 'create' | 'create and update' | 'never';

/** What an explicit null means on PUT. */
type NullOnUpdate = 'default' | 'clear' | 'unchanged' | 'refuse';

export interface Attribute<T = unknown> {
  type: ValueType<T>;
  /** API name, when it is not the domain field in snake case. */
  name?: string;
  /** Further API names: accepted in bodies and as filters. Shown in responses too when `aliasShown`. */
  aliases?: readonly string[];
  aliasShown?: true;
  /** Field that keeps the client's spelling of the value, of types that have another; answers show it. */
  spellingIn?: string;
  accepted: Accepted;
  required?: true;
  /** When absent (or null) on create, and when null on update unless `nullOnUpdate` says otherwise. */
  default?: T;
  /** When null is given, on create and on update, instead of the default. */
  nullMeans?: T;
  /** `default` when there is a default, `clear` otherwise. */
  nullOnUpdate?: NullOnUpdate;
  /** A different type on PUT (parts become optional). */
  updateType?: ValueType<T>;
  /** Names of the filter alone: OpenStack Octavia's lists understand those of its database, too. */
  filterNames?: readonly string[];
  /** Although the type could be both: false = neither a filter nor a sort key, `filter` = not a sort key. */
  queryable?: false | 'filter';
  /** The response value; the domain field itself when left out. `null`: not part of responses. */
  serve?: ((resource: never, relations: never) => unknown) | null;
  /** Schema of the response value, when it is not that of the type. */
  answer?: JsonSchema;
  /** Whether the response value may be null, when that does not follow from `required` and `default`. */
  nullable?: boolean;
  /** Responses leave it out, instead of null, where there is none. */
  leftOut?: true;
  description?: string;
}

export type AttributeTable = Record<string, Attribute<never> | Attribute>;

// biome-ignore lint/complexity/noBannedTypes: {} is "anything but null and undefined" here
type Given = {};
type Parsed<A> = A extends { type: ValueType<infer T> } ? T : never;
type Settled<A> = A extends { required: true } | { default: Given } ? Parsed<A> : Parsed<A> | null;
type OnUpdate<A> = A extends { nullOnUpdate: 'refuse' | 'unchanged' } | { nullMeans: Given }
  ? Parsed<A>
  : A extends { nullOnUpdate: 'clear' }
    ? Parsed<A> | null
    : A extends { default: Given }
      ? Parsed<A>
      : Parsed<A> | null;

type SpellingIn<A> = A extends { spellingIn: infer Field extends string } ? Field : never;

/** Everything a create request decides, defaults filled in. */
export type Created<T> = {
  [K in keyof T as T[K] extends { accepted: 'never' } ? never : K]: Settled<T[K]>;
} & { [K in keyof T as T[K] extends { accepted: 'never' } ? never : SpellingIn<T[K]>]: Parsed<T[K]> | null };

/** What an update request changes; null = cleared. */
export type Updated<T> = {
  [K in keyof T as T[K] extends { accepted: 'create and update' } ? K : never]?: OnUpdate<T[K]>;
} & {
  [K in keyof T as T[K] extends { accepted: 'create and update' } ? SpellingIn<T[K]> : never]?: Parsed<T[K]> | null;
};

export function apiName(field: string, attribute: Attribute<never> | Attribute): string {
  return attribute.name ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
