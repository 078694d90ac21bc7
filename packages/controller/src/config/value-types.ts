/** How the text of an option becomes a value and back, one constructor per kind of option. */
import { isIP } from 'node:net';

/** Text or value an option cannot have; the message is the reason, without the option's name. */
export class InvalidValue extends Error {
  /** What may be shown of a secret value; the value itself of any other. */
  readonly shown: string | undefined;

  constructor(reason: string, shown?: string) {
    super(reason);
    this.shown = shown;
  }
}

export interface ValueType<T> {
  /** As documentation names it, e.g. `port number`. */
  readonly name: string;
  /** Bounds in words, e.g. `min 1; max 7`; null when any value of the type will do. */
  readonly constraint: string | null;
  /** Repeating the key adds values instead of replacing them. */
  readonly repeatable: boolean;
  /** @throws InvalidValue */
  parse(text: string): T;
  /** Bounds alone, for values that are typed already. @throws InvalidValue */
  check(value: T): void;
  /** The text that parses to the value. */
  format(value: T): string;
}

export interface Bounds {
  min?: number;
  max?: number;
}

/** Why a value is not acceptable; with what may be shown of it, where it is a secret. */
type Refusal = string | { reason: string; shown: string };

/** Returns the reason why a text is not acceptable, null when it is. */
export type TextCheck = (value: string) => Refusal | null;

interface Definition<T> {
  name: string;
  constraint?: string | null;
  repeatable?: boolean;
  convert(text: string): T;
  /** The reason why not, or null. */
  refuse?: (value: T) => Refusal | null;
  format(value: T): string;
}

function valueType<T>(definition: Definition<T>): ValueType<T> {
  const check = (value: T): void => {
    const refusal = definition.refuse?.(value) ?? null;
    if (typeof refusal === 'string') throw new InvalidValue(refusal);
    if (refusal !== null) throw new InvalidValue(refusal.reason, refusal.shown);
  };
  return {
    name: definition.name,
    constraint: definition.constraint ?? null,
    repeatable: definition.repeatable ?? false,
    parse: (text) => {
      const value = definition.convert(text);
      check(value);
      return value;
    },
    check,
    format: definition.format,
  };
}

const asIs = (text: string): string => text;

export function stringType(refuse: TextCheck = () => null): ValueType<string> {
  return valueType({ name: 'string', convert: asIs, refuse, format: asIs });
}

const BOOLEANS: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export function boolType(): ValueType<boolean> {
  return valueType({
    name: 'boolean',
    convert: (text) => {
      const value = BOOLEANS[text.trim().toLowerCase()];
      if (value === undefined) throw new InvalidValue('must be one of true, yes, on, 1, false, no, off, 0');
      return value;
    },
    format: (value) => (value ? 'True' : 'False'),
  });
}

function numberType(name: string, pattern: RegExp, expected: string, { min, max }: Bounds): ValueType<number> {
  const words = [min === undefined ? '' : `min ${min}`, max === undefined ? '' : `max ${max}`].filter(Boolean);
  return valueType({
    name,
    constraint: words.join('; ') || null,
    convert: (text) => {
      const value = Number(text.trim());
      if (!pattern.test(text.trim()) || !Number.isFinite(value)) throw new InvalidValue(`must be ${expected}`);
      return value;
    },
    refuse: (value) => {
      if (!Number.isFinite(value)) return `must be ${expected}`;
      if (min !== undefined && value < min) return `must be at least ${min}`;
      if (max !== undefined && value > max) return `must be at most ${max}`;
      return null;
    },
    format: String,
  });
}

export function intType(bounds: Bounds): ValueType<number> {
  const type = numberType('integer', /^[+-]?\d+$/, 'a whole number', bounds);
  const check = (value: number): void => {
    if (!Number.isSafeInteger(value)) throw new InvalidValue('must be a whole number');
    type.check(value);
  };
  const parse = (text: string): number => {
    const value = type.parse(text);
    check(value);
    return value;
  };
  return { ...type, check, parse };
}

export function floatType(bounds: Bounds): ValueType<number> {
  return numberType('floating point', /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, 'a number', bounds);
}

export function portType(): ValueType<number> {
  return { ...intType({ min: 0, max: 65535 }), name: 'port number' };
}

export function ipType(): ValueType<string> {
  return valueType({
    name: 'ip address',
    convert: (text) => text.trim(),
    refuse: (value) => (isIP(value) === 0 ? 'must be an IPv4 or IPv6 address' : null),
    format: asIs,
  });
}

const HOST_LABEL = /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/;

export function hostType(): ValueType<string> {
  const isHostName = (value: string): boolean =>
    value.length <= 253 &&
    value
      .replace(/\.$/, '')
      .split('.')
      .every((label) => HOST_LABEL.test(label));
  return valueType({
    name: 'hostname',
    convert: (text) => text.trim(),
    refuse: (value) => (isHostName(value) || isIP(value) !== 0 ? null : 'must be a host name or an IP address'),
    format: asIs,
  });
}

export function listType(): ValueType<readonly string[]> {
  return valueType({
    name: 'list',
    convert: (text) => {
      const inner = text.trim().replace(/,+$/, '');
      return inner === '' ? [] : inner.split(',').map((item) => item.trim());
    },
    format: (items) => items.join(','),
  });
}

export function dictType(): ValueType<Readonly<Record<string, string>>> {
  return valueType({
    name: 'dict',
    convert: (text) => {
      const entries: [string, string][] = [];
      for (const pair of text.split(',')) {
        if (pair.trim() === '') continue;
        const colon = pair.indexOf(':');
        const key = pair.slice(0, colon).trim();
        if (colon < 0 || key === '') {
          throw new InvalidValue(`must be key:value pairs separated by commas; "${pair.trim()}" is not one`);
        }
        entries.push([key, pair.slice(colon + 1).trim()]);
      }
      return Object.fromEntries(entries);
    },
    format: (dict) =>
      Object.entries(dict)
        .map(([key, value]) => `${key}:${value}`)
        .join(','),
  });
}

export function choiceType<C extends string>(choices: readonly C[], ignoreCase: boolean): ValueType<C> {
  const expected = choices.join(', ');
  const same = (choice: string, text: string): boolean =>
    ignoreCase ? choice.toLowerCase() === text.toLowerCase() : choice === text;
  const find = (text: string): C => {
    const found = choices.find((choice) => same(choice, text));
    if (found === undefined) throw new InvalidValue(`must be one of ${expected}`);
    return found;
  };
  return {
    ...valueType<C>({
      name: 'string',
      constraint: `one of ${expected}`,
      convert: (text) => find(text.trim()),
      format: asIs,
    }),
    check: (value) => void find(value),
  };
}

/** Every occurrence of the key adds one value; the loader collects them, `parse` reads one. */
export function multiType(): ValueType<readonly string[]> {
  return valueType({
    name: 'multi-valued',
    repeatable: true,
    convert: (text) => (text === '' ? [] : [text]),
    format: (values) => values.join(','),
  });
}
