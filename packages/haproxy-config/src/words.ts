/**
 * One line of a configuration, cut into words as HAProxy does it.
 *
 * Source of the rules: HAProxy 2.6 configuration manual, 2.2 "Quoting and escaping" and 2.3 "Environment variables". What
 * the manual leaves open was asked of HAProxy 2.6.12; `reader.dataplane.test.ts` asks it again. There is no way to
 * continue a line: a backslash at its end stands for itself.
 */

export interface Word {
  /** Null when it depends on the environment of HAProxy, or when HAProxy refuses the line because of it. */
  readonly text: string | null;
  /** Where it stands in the line, quotes and all. */
  readonly start: number;
  readonly end: number;
}

/** A carriage return among blanks is one of them; anywhere else the line ends there. */
const BLANKS = /[ \t\v\f\r]*/y;
const ORDINARY = /[^ \t\v\f\r\0"'\\#]+/y;
const IN_SINGLE_QUOTES = /[^\r\0']+/y;
const IN_DOUBLE_QUOTES = /[^\r\0"\\$]+/y;
/** Expanded between double quotes only. A default value may hold quotes. */
const VARIABLE = /\$(?:\{[A-Za-z_.][A-Za-z0-9_]*(?:\[\*\])?(?:-[^}]*)?\}|[A-Za-z_.][A-Za-z0-9_]*)/y;
const HEXADECIMAL = /\\x([0-9A-Fa-f]{2})/y;

const ESCAPES: Readonly<Record<string, string>> = {
  ' ': ' ',
  '\\': '\\',
  '#': '#',
  "'": "'",
  '"': '"',
  t: '\t',
  n: '\n',
  r: '\r',
};

/** What the pattern, which is sticky, finds at this place; null when it does not match. */
function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}

interface Piece {
  text: string | null;
  end: number;
}

/** A backslash and what follows. What is no escape sequence is two characters that stand for themselves. */
function readEscape(line: string, at: number, inDoubleQuotes: boolean): Piece {
  const next = line[at + 1] ?? '';
  if (next === 'x') {
    const code = matchAt(HEXADECIMAL, line, at)?.[1];
    // A NUL would end the word; anything but two digits makes HAProxy refuse the line.
    if (code === undefined || code === '00') return { text: null, end: at + 2 };
    return { text: String.fromCharCode(Number.parseInt(code, 16)), end: at + 4 };
  }
  if (next === '$' && inDoubleQuotes) return { text: '$', end: at + 2 };
  const text = ESCAPES[next];
  return text === undefined ? { text: '\\', end: at + 1 } : { text, end: at + 2 };
}

const isBlank = (character: string): boolean => ' \t\v\f'.includes(character);

/** The word that begins here. `isLast`: the line ends behind it. */
function readWord(line: string, start: number): { word: Word; isLast: boolean } {
  let text: string | null = '';
  let at = start;
  let quote = '';
  const take = (piece: Piece): void => {
    text = text === null || piece.text === null ? null : text + piece.text;
    at = piece.end;
  };
  for (;;) {
    const run = matchAt(quote === '' ? ORDINARY : quote === "'" ? IN_SINGLE_QUOTES : IN_DOUBLE_QUOTES, line, at)?.[0];
    if (run !== undefined) take({ text: run, end: at + run.length });
    const character = line[at];
    const ends = character === undefined || character === '\r' || character === '\0';
    if (ends || (quote === '' && (character === '#' || isBlank(character)))) {
      // HAProxy refuses a line with a quote that stays open.
      const word = { text: quote === '' ? text : null, start, end: at };
      return { word, isLast: ends || character === '#' };
    }
    if (character === quote) take({ text: '', end: at + 1 });
    else if (character === '\\') {
      take(readEscape(line, at, quote === '"'));
      continue;
    } else if (character === '$') {
      take({ text: null, end: at + (matchAt(VARIABLE, line, at)?.[0].length ?? 1) });
      continue;
    } else take({ text: '', end: at + 1 });
    quote = quote === '' ? character : '';
  }
}

/** @param line without its line feed */
export function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(BLANKS, line, at)?.[0].length ?? 0;
    const first = line[at];
    if (first === undefined || first === '#' || first === '\0') return words;
    const { word, isLast } = readWord(line, at);
    words.push(word);
    if (isLast) return words;
    at = word.end;
  }
}
