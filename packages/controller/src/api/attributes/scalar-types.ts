/** Attribute types that hold one value. Coercions follow the API contract (VAL-COERCE, VAL-UUID). */
import { canonicalAddress, canonicalCidr } from '../../domain/addresses.ts';
import { canonicalUuid } from '../../domain/uuid.ts';
import { invalid, type JsonSchema, type ValueType } from './value-type.ts';

/** The range of the database's integers, and far beyond every limit that is not given. */
const MAXIMUM_INTEGER = 2_147_483_647;

export interface TextLimits {
  min?: number;
  max?: number;
  pattern?: RegExp;
  /** Replaces the pattern's own reason. */
  reason?: string;
}

/** PostgreSQL cannot store NUL, and half a surrogate pair is no character. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

const HALF_A_CHARACTER = 'Value should be Unicode text: it has one half of a surrogate pair without the other';

/** Characters are code points: an emoji counts once. */
const longer = (text: string, max: number): boolean => text.length > max && [...text].length > max;

export function text(limits: TextLimits = { max: 255 }): ValueType<string> {
  const { min, max, pattern, reason } = limits;
  return {
    parse(value, { name }) {
      if (typeof value !== 'string') throw invalid(name, value, 'Value should be string');
      if (max !== undefined && longer(value, max)) {
        throw invalid(name, value, `Value should have a maximum character requirement of ${max}`);
      }
      if (min !== undefined && value.length < min) {
        throw invalid(name, value, `Value should have a minimum character requirement of ${min}`);
      }
      if (value.includes('\0')) throw invalid(name, value, 'Value should match the pattern ^[^\\x00]*$');
      if (!value.isWellFormed()) throw invalid(name, value, HALF_A_CHARACTER);
      if (pattern && !pattern.test(value)) {
        throw invalid(name, value, reason ?? `Value should match the pattern ${pattern.source}`);
      }
      return value;
    },
    fromQuery: (query) => (isStorable(query) ? query : undefined),
    schema: {
      type: 'string',
      ...(min === undefined ? {} : { minLength: min }),
      ...(max === undefined ? {} : { maxLength: max }),
      ...(pattern === undefined ? {} : { pattern: pattern.source }),
    },
  };
}

export const uuid: ValueType<string> = {
  parse(value, { name }) {
    const id = typeof value === 'string' ? canonicalUuid(value) : null;
    if (id === null) throw invalid(name, value, 'Value should be UUID format');
    return id;
  },
  fromQuery: (query) => canonicalUuid(query) ?? undefined,
  schema: { type: 'string', format: 'uuid' },
};

const TRUE = ['true', 'yes', 'on', 't', 'y', '1'];
const FALSE = ['false', 'no', 'off', 'f', 'n', '0'];

export const isTrueish = (query: string): boolean => TRUE.includes(query.trim().toLowerCase());

export const boolean: ValueType<boolean> = {
  parse(value, { name }) {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string' || typeof value === 'number') {
      const word = String(value).trim().toLowerCase();
      if (TRUE.includes(word)) return true;
      if (FALSE.includes(word)) return false;
    }
    throw invalid(name, value, 'Value should be boolean');
  },
  fromQuery: isTrueish,
  schema: { type: 'boolean' },
};

function wholeNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  return typeof value === 'string' && /^\s*[+-]?\d{1,18}\s*$/.test(value) ? Number(value) : null;
}

export function integer(min: number, max: number = MAXIMUM_INTEGER): ValueType<number> {
  return {
    parse(value, { name }) {
      const number = wholeNumber(value);
      if (number === null) throw invalid(name, value, 'Value should be integer');
      if (number < min) throw invalid(name, value, `Value should be greater or equal to ${min}`);
      if (number > max) throw invalid(name, value, `Value should be lower or equal to ${max}`);
      // -0 would be stored as 0 and compare unequal in tests of change.
      return number + 0;
    },
    fromQuery(query) {
      const number = wholeNumber(query);
      return number === null || Math.abs(number) > MAXIMUM_INTEGER ? undefined : number;
    },
    schema: { type: 'integer', minimum: min, ...(max === MAXIMUM_INTEGER ? {} : { maximum: max }) },
  };
}

export function choice<const T extends string>(values: readonly T[]): ValueType<T> {
  return {
    parse(value, { name }) {
      const found = values.find((candidate) => candidate === value);
      if (found === undefined) throw invalid(name, value, `Value should be one of: ${values.join(', ')}`);
      return found;
    },
    fromQuery: (query) => (isStorable(query) ? query : undefined),
    schema: { type: 'string', enum: [...values] },
  };
}

export const ipAddress: ValueType<string> = {
  parse(value, { name }) {
    const address = typeof value === 'string' ? canonicalAddress(value) : null;
    if (address === null) throw invalid(name, value, 'Value should be IPv4 or IPv6 format');
    return address;
  },
  spelling: (value, address) => (value === address ? null : (value as string)),
  fromQuery: (query) => canonicalAddress(query) ?? undefined,
  schema: { type: 'string', description: 'IPv4 or IPv6 address' },
};

export const cidr: ValueType<string> = {
  parse(value, { name }) {
    const network = typeof value === 'string' ? canonicalCidr(value) : null;
    if (network === null) throw invalid(name, value, 'Value should be IPv4 or IPv6 CIDR format');
    return network;
  },
  spelling: (value, network) => (value === network ? null : (value as string)),
  schema: { type: 'string', description: 'IPv4 or IPv6 network, for example 192.0.2.0/24' },
};

/** The years that texts of four digits can name: nothing was made in any other, and the database reads them all. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:58Z');

const timeSchema: JsonSchema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d$',
  description: 'UTC, without a zone designator.',
  examples: ['2026-01-31T12:00:00'],
};

/** Read-only times: a filter means the second that answers show. */
export const time: ValueType<never> = {
  parse(value, { name }) {
    throw invalid(name, value, 'Value is read only');
  },
  fromQuery(query) {
    const stamp = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(query) ? query : `${query}Z`);
    return stamp >= EARLIEST && stamp <= LATEST ? new Date(stamp) : undefined;
  },
  // What JSON schema calls a date-time names its zone.
  schema: { type: 'string' },
  answer: timeSchema,
};
