/** From a JSON body to domain values, as an attribute table says. The messages are the contract's (§1.2). */
import { OctaviaError } from '../../errors.ts';
import { refuseUnknown } from './collection-types.ts';
import { type Attribute, type AttributeTable, apiName, type Created, type Updated } from './table.ts';
import { invalid, isObject, type Place } from './value-type.ts';

export interface Envelope {
  /** How messages call the body: `load_balancer`, `listener_`, … */
  argument: string;
  /** The key around the object: `loadbalancer`, `listener`, … */
  wrapper: string;
}

type Body = Record<string, unknown>;

const missing = (name: string): OctaviaError => invalid(name, null, 'Mandatory field missing.');

/**
 * Takes the value out of its wrapper. `undefined` stands for an empty body.
 * @throws OctaviaError MISSING_ARGUMENT, UNKNOWN_ATTRIBUTE, INVALID_ATTRIBUTE
 */
export function unwrap(body: unknown, { argument, wrapper }: Envelope): unknown {
  if (body === undefined || body === null) throw new OctaviaError('MISSING_ARGUMENT', { argument });
  if (!isObject(body)) throw invalid(argument, body, 'Value should be object');
  refuseUnknown(body, (name) => name === wrapper, argument);
  const value = Object.hasOwn(body, wrapper) ? body[wrapper] : undefined;
  if (value === undefined || value === null) throw missing(wrapper);
  return value;
}

/** The object inside the wrapper, and its place for messages. */
export function unwrapObject(body: unknown, envelope: Envelope): { object: Body; at: Place } {
  const value = unwrap(body, envelope);
  if (!isObject(value)) throw invalid(envelope.wrapper, value, 'Value should be object');
  return { object: value, at: { name: envelope.wrapper, path: `${envelope.argument}.${envelope.wrapper}` } };
}

interface Entry {
  field: string;
  attribute: Attribute;
  names: readonly [string, ...string[]];
}

/** The attributes that a request accepts, and all their names. */
interface Accepting {
  entries: Entry[];
  isKnown(name: string): boolean;
}

function accepting(table: AttributeTable, accepts: (attribute: Attribute) => boolean): Accepting {
  const entries = Object.entries(table)
    .filter(([, attribute]) => accepts(attribute as Attribute))
    .map(([field, attribute]): Entry => {
      const names = [apiName(field, attribute), ...(attribute.aliases ?? [])] as const;
      return { field, attribute: attribute as Attribute, names };
    });
  const names = new Set(entries.flatMap((entry) => entry.names));
  return { entries, isKnown: (name) => names.has(name) };
}

interface Compiled {
  create: Accepting;
  update: Accepting;
}

const tables = new WeakMap<AttributeTable, Compiled>();

function compiled(table: AttributeTable): Compiled {
  let known = tables.get(table);
  if (!known) {
    known = {
      create: accepting(table, ({ accepted }) => accepted !== 'never'),
      update: accepting(table, ({ accepted }) => accepted === 'create and update'),
    };
    tables.set(table, known);
  }
  return known;
}

/** Defaults are shared by all requests; what a request gets of them is its own. */
const copied = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? structuredClone(value) : value;
const ownCopy = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? [] : copied(value));

/** The first of the attribute's names that the body has a value for; null counts only when no other name has one. */
function givenValue(body: Body, names: Entry['names']): { name: string; value: unknown } | null {
  if (names.length === 1) {
    const [only] = names;
    return Object.hasOwn(body, only) ? { name: only, value: body[only] } : null;
  }
  const present = names.filter((name) => Object.hasOwn(body, name));
  const name = present.find((candidate) => body[candidate] !== null) ?? present[0];
  return name === undefined ? null : { name, value: body[name] };
}

/** Takes the value as it is compared, and beside it the client's spelling where that is another. */
function take(
  values: Body,
  { field, attribute: { spellingIn } }: Entry,
  type: Attribute['type'],
  { name, value }: { name: string; value: unknown },
  path: string,
): void {
  const parsed = type.parse(value, { name, path });
  values[field] = parsed;
  if (spellingIn !== undefined) values[spellingIn] = type.spelling?.(value, parsed) ?? null;
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE */
export function parseCreate<T extends AttributeTable>(table: T, body: Body, at: Place): Created<T> {
  const { entries, isKnown } = compiled(table).create;
  refuseUnknown(body, isKnown, at.path);
  const values: Body = {};
  const absent: string[] = [];
  for (const entry of entries) {
    const { field, attribute, names } = entry;
    const given = givenValue(body, names);
    if (attribute.spellingIn !== undefined) values[attribute.spellingIn] = null;
    if (given && given.value !== null) {
      take(values, entry, attribute.type, given, at.path);
    } else if (attribute.required) {
      absent.push(names[0]);
    } else {
      values[field] = ownCopy((given && attribute.nullMeans) ?? attribute.default ?? null);
    }
  }
  // What is given and wrong is named before what is missing.
  if (absent[0] !== undefined) throw missing(absent[0]);
  return values as Created<T>;
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE, INVALID_OPTION (null where the contract refuses it) */
export function parseUpdate<T extends AttributeTable>(table: T, body: Body, at: Place): Updated<T> {
  const { entries, isKnown } = compiled(table).update;
  refuseUnknown(body, isKnown, at.path);
  const values: Body = {};
  for (const entry of entries) {
    const { field, attribute, names } = entry;
    const given = givenValue(body, names);
    if (!given) continue;
    if (given.value === null) {
      const replacement = onNull(attribute, given.name);
      if (replacement !== undefined) values[field] = ownCopy(replacement);
      if (attribute.spellingIn && replacement !== undefined) values[attribute.spellingIn] = null;
    } else {
      take(values, entry, attribute.updateType ?? attribute.type, given, at.path);
    }
  }
  return values as Updated<T>;
}

/** What an explicit null on PUT puts in the field; undefined = leave it. */
function onNull(attribute: Attribute, name: string): unknown {
  if (attribute.nullMeans !== undefined) return attribute.nullMeans;
  switch (attribute.nullOnUpdate ?? 'default') {
    case 'refuse':
      throw new OctaviaError('INVALID_OPTION', { value: 'None', option: name });
    case 'unchanged':
      return undefined;
    case 'clear':
      return null;
    case 'default':
      return attribute.default ?? null;
  }
}
