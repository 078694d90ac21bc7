/**
 * YAML as PyYAML's safe_dump writes it in block style: sorted keys, lists of a mapping not indented, ASCII only, lines
 * folded behind column 80.
 */
import { reprNumber } from './repr.ts';

const WIDTH = 80;
const INDENT = 2;

/** Plain texts that a reader would take for something else than a string. */
const RESOLVED = [
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  /^(?:~|null|Null|NULL|)$/,
  /^(?:<<|=)$/,
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
];

const NAMED: Record<string, string> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

type Style = 'plain' | 'single' | 'double';

function styleOf(text: string): Style {
  if (text === '') return 'single';
  // Everything but printable ASCII and line feeds.
  if (/[^\n\x20-\x7e]/.test(text)) return 'double';
  if (/ \n/.test(text)) return 'double';
  if (/\n /.test(text)) return 'double';
  if (/^[ \n]|[ \n]$|\n/.test(text)) return 'single';
  if (/^(?:---|\.\.\.)/.test(text)) return 'single';
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[-?:](?: |$)/.test(text)) return 'single';
  if (/:(?: |$)/.test(text) || / #/.test(text)) return 'single';
  return RESOLVED.some((pattern) => pattern.test(text)) ? 'single' : 'plain';
}

/** Writes text and knows the column it is in. */
class Writer {
  text = '';
  column = 0;

  write(data: string): void {
    this.text += data;
    const last = data.lastIndexOf('\n');
    this.column = last < 0 ? this.column + [...data].length : data.length - last - 1;
  }

  /** A new line that starts at a column. */
  line(indent: number): void {
    this.write(`\n${' '.repeat(indent)}`);
  }
}

/** Only a single blank is a place to fold. */
function writeFolded(out: Writer, text: string, indent: number, quote: "'" | ''): void {
  const runs = text.match(/ +|\n+|[^ \n]+/g) ?? [];
  runs.forEach((run, index) => {
    const inner = index > 0 && index < runs.length - 1;
    if (run === ' ' && inner && out.column > WIDTH) out.line(indent);
    else if (run.startsWith('\n')) {
      // One line feed reads as a blank, so one more is written.
      out.write('\n'.repeat(run.length));
      out.line(indent);
    } else out.write(quote === '' ? run : run.replaceAll("'", "''"));
  });
}

function escaped(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return `\\${named}`;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function writeDouble(out: Writer, text: string, indent: number): void {
  const chars = [...text];
  // What is not written yet.
  let start = 0;
  for (let end = 0; end <= chars.length; end += 1) {
    const char = chars[end];
    const special = char === undefined || char === '"' || char === '\\' || char < ' ' || char > '~';
    if (special) {
      if (start < end) out.write(chars.slice(start, end).join(''));
      start = end;
      if (char !== undefined) {
        out.write(escaped(char));
        start = end + 1;
      }
    }
    const isPlace = end > 0 && end < chars.length - 1 && (char === ' ' || start >= end);
    if (!isPlace || out.column + (end - start) <= WIDTH) continue;
    out.write(`${chars.slice(start, end).join('')}\\`);
    if (start < end) start = end;
    out.line(indent);
    if (chars[start] === ' ') out.write('\\');
  }
}

/** @param indent of the lines that a folded text continues on */
function writeScalar(out: Writer, value: unknown, indent: number): void {
  if (typeof value !== 'string') {
    out.write(value === null || value === undefined ? 'null' : scalar(value));
    return;
  }
  const style = styleOf(value);
  if (style === 'double') {
    out.write('"');
    writeDouble(out, value, indent);
    out.write('"');
    return;
  }
  const quote = style === 'single' ? "'" : '';
  out.write(quote);
  writeFolded(out, value, indent, quote);
  out.write(quote);
}

function scalar(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  const text = reprNumber(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** A value behind a key or a dash. @param indent of the node it is part of @param inList whether a dash is before it */
function writeValue(out: Writer, value: unknown, indent: number, inList: boolean): void {
  if (typeof value !== 'object' || value === null) {
    out.write(' ');
    writeScalar(out, value, indent + INDENT);
  } else if (isEmpty(value)) out.write(Array.isArray(value) ? ' []' : ' {}');
  else if (Array.isArray(value)) {
    if (inList) {
      out.write(' ');
      writeList(out, value, indent + INDENT);
    } else {
      out.line(indent);
      writeList(out, value, indent);
    }
  } else if (inList) {
    out.write(' ');
    writeMap(out, value as Record<string, unknown>, indent + INDENT);
  } else {
    out.line(indent + INDENT);
    writeMap(out, value as Record<string, unknown>, indent + INDENT);
  }
}

function writeList(out: Writer, items: readonly unknown[], indent: number): void {
  items.forEach((item, index) => {
    if (index > 0) out.line(indent);
    out.write('-');
    writeValue(out, item, indent, true);
  });
}

function writeMap(out: Writer, map: Record<string, unknown>, indent: number): void {
  Object.keys(map)
    .sort((a, b) => compareCodePoints(a, b))
    .forEach((key, index) => {
      if (index > 0) out.line(indent);
      writeScalar(out, key, indent);
      out.write(':');
      writeValue(out, map[key], indent, false);
    });
}

/** Python's order of strings. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** One document, without markers. */
export function dumpYaml(value: Record<string, unknown> | readonly unknown[]): string {
  if (isEmpty(value)) return Array.isArray(value) ? '[]\n' : '{}\n';
  const out = new Writer();
  if (Array.isArray(value)) writeList(out, value, 0);
  else writeMap(out, value as Record<string, unknown>, 0);
  return `${out.text}\n`;
}
