/** The bodies of API v1 as tables: which attribute of API v2 each one is. */
import { OctaviaError } from '../../errors.ts';
import { refuseUnknown } from '../attributes/collection-types.ts';
import { invalid, isObject } from '../attributes/value-type.ts';

export type Json = Record<string, unknown>;

export interface Field {
  /** Attribute of API v2, `vip_address` for parts; null: accepted and dropped. */
  to: string | null;
  /** `same`: on update only with the value it has. */
  on: 'create' | 'create and update' | 'create and same';
  required?: true;
  convert?(value: unknown, name: string): unknown;
}

export interface Shape {
  /** How messages call the body. */
  argument: string;
  fields: Readonly<Record<string, Field>>;
}

function checked(shape: Shape, body: unknown, use: (field: Field) => boolean): Json {
  if (body === undefined || body === null) throw new OctaviaError('MISSING_ARGUMENT', { argument: shape.argument });
  if (!isObject(body)) throw invalid(shape.argument, body, 'Value should be object');
  const accepted = (name: string) => Object.hasOwn(shape.fields, name) && use(shape.fields[name] as Field);
  refuseUnknown(body, accepted, shape.argument);
  return body;
}

function converted({ fields }: Shape, body: Json): Json {
  const values: Json = {};
  for (const [name, value] of Object.entries(body)) {
    const { to, convert } = fields[name] as Field;
    const result = value === null || !convert ? value : convert(value, name);
    if (to === null) continue;
    // A field with several spellings: null counts only when no other spelling has a value.
    if (result !== null || !Object.hasOwn(values, to)) values[to] = result;
  }
  return values;
}

/** @throws OctaviaError MISSING_ARGUMENT, UNKNOWN_ATTRIBUTE(S), INVALID_ATTRIBUTE */
export function forCreate(shape: Shape, body: unknown): Json {
  const given = checked(shape, body, () => true);
  for (const [name, { required }] of Object.entries(shape.fields)) {
    if (required && (given[name] ?? null) === null) throw invalid(name, null, 'Mandatory field missing.');
  }
  return converted(shape, given);
}

/**
 * @param current the object as API v2 shows it
 * @throws OctaviaError as `forCreate`, and VALIDATION for another value of what cannot change
 */
export function forUpdate(shape: Shape, body: unknown, current: Json): Json {
  const given = checked(shape, body, ({ on }) => on !== 'create');
  const changes: Json = {};
  for (const [name, value] of Object.entries(given)) {
    const { to, on } = shape.fields[name] as Field;
    if (on === 'create and update') changes[name] = value;
    else if (value !== null && to !== null && String(value) !== String(current[to])) {
      throw new OctaviaError('VALIDATION', { detail: `${name} cannot be changed.` });
    }
  }
  return converted(shape, changes);
}

export const listOf =
  (shape: Shape) =>
  (value: unknown, name: string): unknown => {
    if (!Array.isArray(value)) throw invalid(name, value, 'Value should be list');
    return value.map((entry) => forCreate(shape, entry));
  };

export const one =
  (shape: Shape) =>
  (value: unknown): unknown =>
    forCreate(shape, value);

/** Renames attributes in a message of API v2: `field/attribute address` → `field/attribute ip_address`. */
export function inV1Words({ fields }: Shape, message: string): string {
  return message.replace(/(field\/attribute )(\w+)\b/, (whole, lead: string, name: string) => {
    const own = Object.entries(fields).find(([, { to }]) => to === name)?.[0];
    return own === undefined || Object.hasOwn(fields, name) ? whole : lead + own;
  });
}
