/** Lengths of what stands in `(?<=…)` and `(?<!…)`: PCRE2 of the HAProxy in amphorae wants a fixed one of each alternative. */

type Length = number | 'variable' | 'unknown';

interface Cursor {
  readonly text: string;
  at: number;
}

const GROUP = /^\((?:\?(?::|>|P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*'))?(?![?*])/;
/** One character each. A `]` that comes first, and what is special in a class, is left to others. */
const ONE = /^(?:[^\\()[\]{}*+?|^$]|\\[dDsSwWhHvVtnrfae]|\\[^A-Za-z0-9\s]|\[\^?[^[\]\\^][^[\]\\]*\])/;
const VARIABLE = /^\\[RX]/;
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,(\d*))?\})[+?]?/;

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  const match = pattern.exec(cursor.text.slice(cursor.at));
  cursor.at += match?.[0].length ?? 0;
  return match;
}

function item(cursor: Cursor): Length {
  if (take(cursor, ONE)) return 1;
  if (take(cursor, VARIABLE)) return 'variable';
  if (!take(cursor, GROUP)) return 'unknown';
  const lengths = alternatives(cursor);
  if (lengths.includes('variable')) return 'variable';
  if (lengths.includes('unknown') || cursor.text[cursor.at] !== ')') return 'unknown';
  cursor.at++;
  return new Set(lengths).size === 1 ? lengths[0]! : 'variable';
}

/** Up to the end of an alternative; stops where it no longer understands. */
function alternative(cursor: Cursor): Length {
  let sum = 0;
  while (cursor.at < cursor.text.length && !'|)'.includes(cursor.text[cursor.at]!)) {
    const length = item(cursor);
    if (typeof length === 'string') return length;
    const quantifier = take(cursor, QUANTIFIER);
    const [, least, comma, most] = quantifier ?? [];
    if (quantifier && (least === undefined || (comma !== undefined && least !== most))) return 'variable';
    sum += length * Number(least ?? 1);
  }
  return sum;
}

function alternatives(cursor: Cursor): Length[] {
  const lengths = [alternative(cursor)];
  while (typeof lengths.at(-1) === 'number' && cursor.text[cursor.at] === '|') {
    cursor.at++;
    lengths.push(alternative(cursor));
  }
  return lengths;
}

/** @param at behind `(?<=` or `(?<!` */
export function isVariableLookbehind(text: string, at: number): boolean {
  return alternatives({ text, at }).includes('variable');
}
