/** JSON as Python's json module writes it: only ASCII, `", "` and `": "`. */
import { reprNumber } from './repr.ts';

const NAMED: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
};

/** UTF-16 units outside printable ASCII are escaped one by one. */
const quoted = (text: string): string =>
  `"${text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
    /["\\]|[\x00-\x1f\x7f-\uffff]/g,
    (char) => NAMED[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )}"`;

/** @param indent blanks per level; null writes one line */
export function dumpJson(value: unknown, indent: number | null, depth = 0): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return reprNumber(value);
  if (typeof value !== 'object') return String(value);
  const isList = Array.isArray(value);
  const [open, close] = isList ? '[]' : '{}';
  const items = isList
    ? value.map((item) => dumpJson(item, indent, depth + 1))
    : Object.entries(value).map(([key, item]) => `${quoted(key)}: ${dumpJson(item, indent, depth + 1)}`);
  if (items.length === 0) return `${open}${close}`;
  if (indent === null) return `${open}${items.join(', ')}${close}`;
  const line = (level: number): string => `\n${' '.repeat(indent * level)}`;
  return `${open}${line(depth + 1)}${items.join(`,${line(depth + 1)}`)}${line(depth)}${close}`;
}
