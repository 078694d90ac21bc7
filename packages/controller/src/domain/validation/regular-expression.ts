/**
 * Finds the mistakes in a Perl-style regular expression (PCRE2, which HAProxy uses) that would keep the load balancer from
 * taking its configuration. JavaScript's own parser knows another dialect. What this reader does not understand it lets
 * pass: an expression that the engine takes must never be refused here.
 */

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
/** Groups that end with the next parenthesis whatever stands between. */
const OPAQUE_GROUP = /^\((?:\*|\?#|\?C|\?\d+\))/;

interface Reading {
  at: number;
  open: number;
  /** Whether what was just read can be repeated. */
  repeatable: boolean;
}

const countGroups = (text: string): number => text.match(/\((?!\?(?!<[A-Za-z_]|P<|')|\*)/g)?.length ?? 0;

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
    const reference = /^\\([1-9])(?!\d)/.exec(text.slice(reading.at));
    if (reference && Number(reference[1]) > countGroups(text)) return 'reference to non-existent subpattern';
    // What `\c` controls is a character of its own, even a backslash.
    reading.at += next === 'c' ? 3 : 2;
    // A lone \E is as if it were not there.
    if (next === 'E') return null;
  }
  reading.repeatable = !PLACES.includes(next);
  return null;
}

function readClass(text: string, reading: Reading): string | null {
  const start = reading.at;
  if (/^\[:[^\]\\]*:\]/.test(text.slice(start))) return 'POSIX named classes are supported only within a class';
  let at = start + 1;
  if (text[at] === '^') at++;
  if (text[at] === ']') at++;
  while (text[at] !== ']') {
    if (at >= text.length) return `missing terminating ] for character class opened at offset ${start}`;
    const posix = POSIX_CLASS.exec(text.slice(at));
    if (posix) {
      at += posix[0].length;
    } else if (text[at] === '\\') {
      if (text[at + 1] === undefined) return '\\ at end of pattern';
      at = text[at + 1] === 'Q' ? skipLiteral(text, at) : at + 2;
    } else {
      const range = /^([A-Za-z0-9])-([A-Za-z0-9])/.exec(text.slice(at));
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
  const flags = FLAGS.exec(rest);
  if (flags || OPAQUE_GROUP.test(rest)) {
    const end = flags ? flags[0].length - 1 : rest.indexOf(')');
    const called = /^\(\?(\d+)\)/.exec(rest);
    if (called && Number(called[1]) > countGroups(text)) return 'reference to non-existent subpattern';
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
  const reading: Reading = { at: 0, open: 0, repeatable: false };
  while (reading.at < text.length) {
    const fault = readItem(text, reading);
    if (fault !== null) return fault;
  }
  return reading.open > 0 ? 'missing closing parenthesis' : null;
}
