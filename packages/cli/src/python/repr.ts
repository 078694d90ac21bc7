/** How Python writes values: scripts compare these words, so `True` is not `true`. */

/** What Python's isprintable() refuses. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;
const NAMED: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  if (char === ' ' || !UNPRINTABLE.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** `repr()` of a string: single quotes, unless only double ones need no escaping. */
export function reprString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map((char) => (char === quote ? `\\${char}` : escaped(char))).join('');
  return `${quote}${body}${quote}`;
}

/** `repr()` of a number: exponents from 1e16 and below 1e-4, with two digits at least. */
export function reprNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(BigInt(value));
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const small = value !== 0 && Math.abs(value) < 1e-4;
  const text = small ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `repr()` of what JSON can hold. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return reprNumber(value);
  if (typeof value === 'string') return reprString(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  const items = Object.entries(value).map(([key, item]) => `${reprString(key)}: ${repr(item)}`);
  return `{${items.join(', ')}}`;
}

/** `repr()` of a tuple of strings. */
export const reprTuple = (items: readonly string[]): string =>
  `(${items.map(reprString).join(', ')}${items.length === 1 ? ',' : ''})`;

/** `str()`: a string is itself. */
export const str = (value: unknown): string => (typeof value === 'string' ? value : repr(value));
