/** Attribute types made of others: lists, maps and nested objects. They are never filters. */
import { OctaviaError } from '../../errors.ts';
import { invalid, isObject, type JsonSchema, type Place, type ValueType } from './value-type.ts';

export function list<T>(item: ValueType<T>): ValueType<T[]> {
  return {
    parse(value, at) {
      if (!Array.isArray(value)) throw invalid(at.name, value, 'Value should be list');
      return value.map((entry: unknown) => item.parse(entry, at));
    },
    schema: { type: 'array', items: item.schema },
  };
}

/** A list whose order means nothing: duplicates collapse. */
export function set<T>(item: ValueType<T>): ValueType<T[]> {
  const inner = list(item);
  return { parse: (value, at) => [...new Set(inner.parse(value, at))], schema: { ...inner.schema, uniqueItems: true } };
}

/** The same of values that have spellings: of several for one thing the first stays. */
export function spelledSet<T>(item: ValueType<T>): ValueType<T[]> {
  const inner = set(item);
  const plain = { name: '', path: '' };
  return {
    ...inner,
    spelling(value, parsed) {
      const first = new Map<T, T>();
      for (const given of value as unknown[]) {
        const own = item.parse(given, plain);
        if (!first.has(own)) first.set(own, item.spelling?.(given, own) ?? own);
      }
      const spelled = [...first.values()];
      return spelled.every((entry, index) => entry === parsed[index]) ? null : spelled;
    },
  };
}

export function map<T>(item: ValueType<T>): ValueType<Record<string, T>> {
  return {
    parse(value, at) {
      if (!isObject(value)) throw invalid(at.name, value, 'Value should be object');
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, item.parse(entry, at)]));
    },
    schema: { type: 'object', additionalProperties: item.schema },
  };
}

/** @throws OctaviaError UNKNOWN_ATTRIBUTE(S) naming every key that is not known */
export function refuseUnknown(given: Record<string, unknown>, known: (name: string) => boolean, path: string): void {
  const names = Object.keys(given).filter((name) => !known(name));
  if (names.length === 0) return;
  throw new OctaviaError(names.length === 1 ? 'UNKNOWN_ATTRIBUTE' : 'UNKNOWN_ATTRIBUTES', {
    argument: path,
    names: names.sort().join(', '),
  });
}

/** An object parsed by a function of its own; `path` grows by the attribute's name. */
export function nested<T>(parse: (value: Record<string, unknown>, at: Place) => T, schema: JsonSchema): ValueType<T> {
  return {
    parse(value, at) {
      if (!isObject(value)) throw invalid(at.name, value, 'Value should be object');
      return parse(value, { name: at.name, path: `${at.path}.${at.name}` });
    },
    schema,
  };
}

/** One member of a nested object: absent and null are the same. */
export function optional<T>(value: Record<string, unknown>, name: string, type: ValueType<T>, at: Place): T | null {
  const given = Object.hasOwn(value, name) ? value[name] : undefined;
  return given === undefined || given === null ? null : type.parse(given, { name, path: at.path });
}

export function required<T>(value: Record<string, unknown>, name: string, type: ValueType<T>, at: Place): T {
  const given = optional(value, name, type, at);
  if (given === null) throw invalid(name, null, 'Mandatory field missing.');
  return given;
}
