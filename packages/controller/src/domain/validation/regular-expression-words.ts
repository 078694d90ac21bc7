/** What PCRE2 knows by name or number: verbs, options, names of groups, codes of characters. Newer releases know more. */

/** Characters are bytes unless the expression begins with this. */
const UNICODE = /^(?:\(\*[A-Z_]+(?:=\d+)?\))*\(\*UTF\)/;

const VERBS = new Set([
  ...['ACCEPT', 'COMMIT', 'F', 'FAIL', 'MARK', 'PRUNE', 'SKIP', 'THEN'],
  ...['ANY', 'ANYCRLF', 'BSR_ANYCRLF', 'BSR_UNICODE', 'CR', 'CRLF', 'LF', 'NUL', 'UCP', 'UTF'],
  ...['LIMIT_DEPTH', 'LIMIT_HEAP', 'LIMIT_MATCH', 'LIMIT_RECURSION', 'NOTEMPTY', 'NOTEMPTY_ATSTART'],
  ...['NO_AUTO_POSSESS', 'NO_DOTSTAR_ANCHOR', 'NO_JIT', 'NO_START_OPT', 'CASELESS_RESTRICT', 'TURKISH_CASING'],
  ...['pla', 'plb', 'nla', 'nlb', 'napla', 'naplb', 'atomic', 'sr', 'asr', 'script_run', 'atomic_script_run'],
  ...['positive_lookahead', 'positive_lookbehind', 'negative_lookahead', 'negative_lookbehind', 'scs'],
  ...['non_atomic_positive_lookahead', 'non_atomic_positive_lookbehind', 'scan_substring'],
]);
const VERB = /^\(\*([A-Za-z_]+)/;
/** Of an expression that begins with letters or a caret behind the question mark. */
const OPTIONS = /^\(\?\^?[A-Za-z]*-?[A-Za-z]*[:)]/;
const UNKNOWN_OPTION = /[^imsxnJUaDSWPTr^:)(?-]/;
/** `(?R)`, and Python's forms, look like options. */
const NO_OPTIONS = /^\(\?(?:R\)|P[<=>])/;
const NAMED = /^\(\?(?:P?<(?![=!])|')/;
const NAME = /^(\w+)[>']/;

const RENAMED = /\(\?\||\(\?\^?[A-Za-z]*J/;

/** @param names of the groups that come before; the new one is added */
export function groupFault(text: string, at: number, names: Set<string>): string | null {
  const rest = text.slice(at);
  const verb = VERB.exec(rest)?.[1];
  if (verb !== undefined && !VERBS.has(verb)) return `(*VERB) not recognized or malformed at offset ${at}`;
  const options = NO_OPTIONS.test(rest) ? undefined : OPTIONS.exec(rest)?.[0];
  if (options !== undefined && UNKNOWN_OPTION.test(options)) return `unrecognized character after (? at offset ${at}`;
  const named = NAMED.exec(rest)?.[0];
  if (named === undefined) return null;
  const name = NAME.exec(rest.slice(named.length))?.[1];
  if (name === undefined) return `syntax error in subpattern name (missing terminator?) at offset ${at}`;
  if (/^\d/.test(name)) return `subpattern name must start with a non-digit at offset ${at}`;
  if (names.has(name) && !RENAMED.test(text)) return `two named subpatterns have the same name ${name}`;
  names.add(name);
  return null;
}

const CODE = /^\\([xo])\{([^} ]*)\}/;
const DIGITS = { x: /^[\dA-Fa-f]+$/, o: /^[0-7]+$/ };

/** What is wrong with the character that the backslash at `at` begins, if it is told by a code. */
export function codeFault(text: string, at: number): string | null {
  const rest = text.slice(at);
  const [, kind, code = ''] = CODE.exec(rest) ?? [];
  if (kind === 'x' || kind === 'o') {
    if (!DIGITS[kind].test(code))
      return `\\${kind}{} wants ${kind === 'x' ? 'hexadecimal' : 'octal'} digits at offset ${at}`;
    const most = UNICODE.test(text) ? 0x10ffff : 0xff;
    const tooLarge = Number.parseInt(code, kind === 'x' ? 16 : 8) > most;
    return tooLarge ? `character code point value in \\x{} or \\o{} is too large at offset ${at}` : null;
  }
  if (/^\\o(?!\{)/.test(rest)) return `missing opening brace after \\o at offset ${at}`;
  if (/^\\N\{[A-Za-z]/.test(rest) && !UNICODE.test(text)) return `\\N{name} is not supported at offset ${at}`;
  if (/^\\c(?![ -~])/.test(rest)) return `\\c must be followed by a printable ASCII character at offset ${at}`;
  return null;
}
