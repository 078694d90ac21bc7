/**
 * Finds the mistakes in a Perl-style regular expression (PCRE2, which HAProxy uses) that would keep the load balancer from
 * taking its configuration. JavaScript's own parser knows another dialect. What this reader does not understand it lets
 * pass: an expression that the engine takes must never be refused here.
 */
import { isVariableLookbehind } from './regular-expression-lookbehind.ts';
import { codeFault, groupFault } from './regular-expression-words.ts';

/** References of a regular expression to its groups: `\1`, `\g{1}`, `\k<name>`, `(?1)`, `(?&name)`. */

/** HAProxy lets groups without a name capture nothing, unless the expression itself asks for it. */
const CAPTURES = /\(\?(?:\^|[A-Za-z]*-[A-Za-z]*n)/;
const PLAIN_GROUP = /\((?!\?|\*)/g;
const NAMED_GROUP = /\(\?(?:P?<|')([A-Za-z_]\w*)[>']/g;

const NUMBER =
  /^(?:\\([1-9])(?!\d)|\\([89]\d+)|\\g\{?[-+]?(\d+)\}?|\\g[<'][-+](\d+)[>']|\\g[<']0*([1-9]\d*)[>']|\(\?[-+]?0*([1-9]\d*)\))/;
const NAME = /^(?:\\[gk](?:\{(\w+)\}|<(\w+)>|'(\w+)')|\(\?(?:&|P>|P=)(\w+)\))/;

/** At least as many as there are: what looks like a group in a class or a literal counts too. */
function groups(text: string): { count: number; names: Set<string> } {
  const names = [...text.matchAll(NAMED_GROUP)].map(([, name = '']) => name);
  const plain = CAPTURES.test(text) ? (text.match(PLAIN_GROUP)?.length ?? 0) : 0;
  return { count: names.length + plain, names: new Set(names) };
}

const given = (match: RegExpExecArray | null): string | undefined =>
  match?.slice(1).find((group) => group !== undefined);

/** What is wrong with the reference at the beginning of `rest`, if one is there. */
function referenceFault(text: string, rest: string): string | null {
  const number = given(NUMBER.exec(rest));
  if (number !== undefined) {
    const missing = Number(number) === 0 || Number(number) > groups(text).count;
    return missing ? 'reference to non-existent subpattern (only groups with a name are subpatterns)' : null;
  }
  const name = given(NAME.exec(rest));
  if (name === undefined || !/^[A-Za-z_]/.test(name) || groups(text).names.has(name)) return null;
  return `reference to non-existent subpattern ${name}`;
}

/** `(?i)` and the like; with `x` white space and comments change how everything is read. */
const FLAGS = /^\(\?\^?[A-Za-z]*(?:-[A-Za-z]*)?\)/;
const EXTENDED = /\(\?\^?[A-Za-z]*x/;
const QUANTIFIER = /^\{(\d+)(,(\d*))?\}/;
const MOST_REPEATS = 65_535;
/** Letters after a backslash that stand for nothing. */
const UNKNOWN_ESCAPES = 'FIJLMOTUYijlmquy';
/** Letters after a backslash that stand for a place, which cannot be repeated. */
const PLACES = 'ABGKZbz';
const POSIX_CLASS = /^\[:\^?(?:alpha|lower|upper|alnum|ascii|blank|cntrl|digit|graph|print|punct|space|word|xdigit):\]/;
/** What the engine reads as a class, a collating element or an equivalence class of POSIX, whether it knows it or not. */
const POSIX_FORM = /^\[([:.=])(?:\\[\]\\]|(?!\[\1|\]).)*?\1\]/s;
const WORD_BOUNDARY = /^\[\[:[<>]:\]\]/;
/** In braces, which are no quantifier, or like the name of a group. */
const ARGUMENT = /^\\(?:[gkopxNP]\{[^}]*\}|[gk]<[^>]*>|[gk]'[^']*')/;
/** Escapes for sets of characters, and what means nothing in a class. */
const SETS = 'dDsSwWhHvV';
const NOT_IN_CLASS = 'ABCGKNRXZkz';
/** Groups that end with the next parenthesis whatever stands between. */
const OPAQUE_GROUP = /^\((?:\*|\?#|\?C|\?\d+\))/;

const SET_ENDS_RANGE = /^[A-Za-z0-9]-(?:\\[dDsSwWhHvV]|\[:\^?[a-z]+:\])/;

interface Reading {
  at: number;
  open: number;
  /** Whether what was just read can be repeated. */
  repeatable: boolean;
  /** Of the groups so far. */
  names: Set<string>;
}

function skipLiteral(text: string, at: number): number {
  const end = text.indexOf('\\E', at + 2);
  return end < 0 ? text.length : end + 2;
}

function readEscape(text: string, reading: Reading): string | null {
  const next = text[reading.at + 1];
  if (next === undefined) return '\\ at end of pattern';
  if (next === 'Q') {
    reading.at = skipLiteral(text, reading.at);
  } else {
    if (UNKNOWN_ESCAPES.includes(next)) return `unrecognized character follows \\ at offset ${reading.at + 1}`;
    const fault = referenceFault(text, text.slice(reading.at)) ?? codeFault(text, reading.at);
    if (fault !== null) return fault;
    // What `\c` controls is a character of its own, even a backslash.
    const argument = ARGUMENT.exec(text.slice(reading.at))?.[0].length ?? 2;
    reading.at += next === 'c' ? 3 : argument;
    // A lone \E is as if it were not there.
    if (next === 'E') return null;
  }
  reading.repeatable = !PLACES.includes(next);
  return null;
}

/** A set of characters is no end of a range; a hyphen that comes last is a hyphen. */
const isOpenRange = (text: string, at: number): boolean => /^-[^\]\\]/.test(text.slice(at, at + 2));

function readClass(text: string, reading: Reading): string | null {
  const start = reading.at;
  if (WORD_BOUNDARY.test(text.slice(start))) {
    reading.at += '[[:<:]]'.length;
    reading.repeatable = true;
    return null;
  }
  if (/^\[:[^\]\\]*:\]/.test(text.slice(start))) return 'POSIX named classes are supported only within a class';
  let at = start + 1;
  if (text[at] === '^') at++;
  if (text[at] === ']') at++;
  while (text[at] !== ']') {
    if (at >= text.length) return `missing terminating ] for character class opened at offset ${start}`;
    const posix = POSIX_CLASS.exec(text.slice(at));
    if (posix) {
      at += posix[0].length;
      if (isOpenRange(text, at)) return `invalid range in character class at offset ${at}`;
    } else if (POSIX_FORM.test(text.slice(at))) {
      return `unknown POSIX class name at offset ${at}`;
    } else if (text[at] === '\\') {
      const next = text[at + 1];
      if (next === undefined) return '\\ at end of pattern';
      if (NOT_IN_CLASS.includes(next)) return `escape sequence is invalid in character class at offset ${at}`;
      if (UNKNOWN_ESCAPES.includes(next)) return `unrecognized character follows \\ at offset ${at + 1}`;
      const fault = codeFault(text, at);
      if (fault !== null) return fault;
      at = next === 'Q' ? skipLiteral(text, at) : at + (next === 'c' ? 3 : 2);
      if (SETS.includes(next) && isOpenRange(text, at)) return `invalid range in character class at offset ${at}`;
    } else {
      const range = /^([A-Za-z0-9])-([A-Za-z0-9])/.exec(text.slice(at));
      if (SET_ENDS_RANGE.test(text.slice(at)) && text[at - 1] !== '-')
        return `invalid range in character class at offset ${at}`;
      if (range && range[1]! > range[2]!) return `range out of order in character class at offset ${at + 1}`;
      at += range ? 3 : 1;
    }
  }
  reading.at = at + 1;
  reading.repeatable = true;
  return null;
}

function readOpening(text: string, reading: Reading): string | null {
  const rest = text.slice(reading.at);
  const fault = referenceFault(text, rest) ?? groupFault(text, reading.at, reading.names);
  if (fault !== null) return fault;
  if (/^\(\?<[=!]/.test(rest) && isVariableLookbehind(text, reading.at + 4)) {
    return `lookbehind assertion is not fixed length at offset ${reading.at}`;
  }
  const flags = FLAGS.exec(rest);
  if (flags || OPAQUE_GROUP.test(rest)) {
    const end = flags ? flags[0].length - 1 : rest.indexOf(')');
    if (end < 0) return `missing closing parenthesis for group opened at offset ${reading.at}`;
    reading.at += end + 1;
    // Recursion looks like flags and can be repeated; so can what this reader does not know.
    reading.repeatable = !flags || /^\(\?[-+]?R/.test(rest);
    return null;
  }
  reading.open++;
  const head = /^\((?:\?(?:<?[=!]|P?[<'][^>']*[>']|P[=>]|[^)])?)?/.exec(rest)!;
  reading.at += head[0].length;
  reading.repeatable = head[0].length > 2;
  return null;
}

function readQuantifier(reading: Reading, text: string, length: number): string | null {
  if (!reading.repeatable) return `quantifier does not follow a repeatable item at offset ${reading.at}`;
  reading.at += length;
  // A lone \E is as if it were not there.
  while (text.startsWith('\\E', reading.at)) reading.at += 2;
  if (text[reading.at] === '?' || text[reading.at] === '+') reading.at++;
  reading.repeatable = false;
  return null;
}

function readBraces(text: string, reading: Reading): string | null {
  const match = QUANTIFIER.exec(text.slice(reading.at));
  if (!match) {
    reading.at++;
    reading.repeatable = true;
    return null;
  }
  const least = Number(match[1]);
  const most = match[2] ? Number(match[3] || MOST_REPEATS) : least;
  if (Math.max(least, most) > MOST_REPEATS) return 'number too big in {} quantifier';
  if (least > most) return 'numbers out of order in {} quantifier';
  return readQuantifier(reading, text, match[0].length);
}

function readItem(text: string, reading: Reading): string | null {
  switch (text[reading.at]) {
    case '\\':
      return readEscape(text, reading);
    case '[':
      return readClass(text, reading);
    case '(':
      return readOpening(text, reading);
    case ')':
      if (reading.open === 0) return `unmatched closing parenthesis at offset ${reading.at}`;
      reading.open--;
      break;
    case '*':
    case '+':
    case '?':
      return readQuantifier(reading, text, 1);
    case '{':
      return readBraces(text, reading);
    case '|':
      reading.at++;
      reading.repeatable = false;
      return null;
  }
  reading.at++;
  reading.repeatable = true;
  return null;
}

/** What is wrong with the expression, or null. */
export function regularExpressionFault(text: string): string | null {
  if (EXTENDED.test(text)) return null;
  const reading: Reading = { at: 0, open: 0, repeatable: false, names: new Set() };
  while (reading.at < text.length) {
    const fault = readItem(text, reading);
    if (fault !== null) return fault;
  }
  return reading.open > 0 ? 'missing closing parenthesis' : null;
}
