import { OctaviaError } from '../../errors.ts';

export type JsonSchema = Record<string, unknown>;

/** Where a value stands: the attribute's name for "invalid input", the path of objects for "unknown attribute". */
export interface Place {
  name: string;
  path: string;
}

/** One type of attribute: how JSON becomes a domain value, how a query text does, and how OpenAPI calls it. */
export interface ValueType<T> {
  /** @throws OctaviaError INVALID_ATTRIBUTE, UNKNOWN_ATTRIBUTE */
  parse(value: unknown, at: Place): T;
  schema: JsonSchema;
  /** How answers show it, when there is more to it than leaving out the bounds of requests. */
  answer?: JsonSchema;
  /**
   * Types whose values are compared in another spelling than they are written in: what of the given value is shown, null
   * when it is as it is compared.
   */
  spelling?(value: unknown, parsed: T): T | null;
  /**
   * The value a filter text stands for; undefined when no stored value can equal it. Types without it (objects, lists)
   * cannot be filtered or sorted by.
   */
  fromQuery?(text: string): string | number | boolean | Date | null | undefined;
}

const MAXIMUM_ECHO = 1024;

/** How messages show a refused value; the words are those clients of the API know (`None`, `True`, `False`). */
function show(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  return echo(value).slice(0, MAXIMUM_ECHO);
}

function echo(value: unknown): string {
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // Nested too deeply to print.
    return '(object)';
  }
}

export function invalid(name: string, value: unknown, reason: string): OctaviaError {
  return new OctaviaError('INVALID_ATTRIBUTE', { name, value: show(value), reason });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
