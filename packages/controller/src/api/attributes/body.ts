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
  names: string[];
}

const compiled = new WeakMap<AttributeTable, Entry[]>();

function entriesOf(table: AttributeTable): Entry[] {
  let entries = compiled.get(table);
  if (!entries) {
    entries = Object.entries(table).map(([field, attribute]) => ({
      field,
      attribute: attribute as Attribute,
      names: [apiName(field, attribute), ...(attribute.aliases ?? [])],
    }));
    compiled.set(table, entries);
  }
  return entries;
}

/** The first of the attribute's names that the body has a value for; null counts only when no other name has one. */
function givenValue(body: Body, names: string[]): { name: string; value: unknown } | null {
  const present = names.filter((name) => Object.hasOwn(body, name));
  const name = present.find((candidate) => body[candidate] !== null) ?? present[0];
  return name === undefined ? null : { name, value: body[name] };
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE */
export function parseCreate<T extends AttributeTable>(table: T, body: Body, at: Place): Created<T> {
  const entries = entriesOf(table).filter(({ attribute }) => attribute.accepted !== 'never');
  refuseUnknown(body, (name) => entries.some(({ names }) => names.includes(name)), at.path);
  const values: Body = {};
  const absent: string[] = [];
  for (const { field, attribute, names } of entries) {
    const given = givenValue(body, names);
    if (given && given.value !== null) {
      values[field] = attribute.type.parse(given.value, { name: given.name, path: at.path });
    } else if (attribute.required) {
      absent.push(names[0]!);
    } else {
      values[field] = structuredClone((given && attribute.nullMeans) ?? attribute.default ?? null);
    }
  }
  // What is given and wrong is named before what is missing.
  if (absent[0] !== undefined) throw missing(absent[0]);
  return values as Created<T>;
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE, INVALID_OPTION (null where the contract refuses it) */
export function parseUpdate<T extends AttributeTable>(table: T, body: Body, at: Place): Updated<T> {
  const entries = entriesOf(table).filter(({ attribute }) => attribute.accepted === 'create and update');
  refuseUnknown(body, (name) => entries.some(({ names }) => names.includes(name)), at.path);
  const values: Body = {};
  for (const { field, attribute, names } of entries) {
    const given = givenValue(body, names);
    if (!given) continue;
    if (given.value === null) {
      const replacement = onNull(attribute, given.name);
      if (replacement !== undefined) values[field] = structuredClone(replacement);
    } else {
      const type = attribute.updateType ?? attribute.type;
      values[field] = type.parse(given.value, { name: given.name, path: at.path });
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
