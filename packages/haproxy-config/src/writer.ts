/**
 * The only place where HAProxy configuration text is made.
 *
 * Source of the rules: HAProxy 2.6 configuration manual, 2.2 "Quoting and escaping" and 8.2.4 (log format).
 */
import type { Argument, Call, HaproxyConfig, Line, LogFormatPart, SampleFetch, Section } from './tree.ts';

/** A value that a configuration cannot hold. */
export class UnsafeValueError extends Error {
  /** First word of the line. */
  readonly keyword: string;

  constructor(keyword: string) {
    super(`A value for ${keyword} has a character that HAProxy configuration cannot hold.`);
    this.name = 'UnsafeValueError';
    this.keyword = keyword;
  }
}

const INDENT = '    ';

/** HAProxy refuses lines with more words (MAX_LINE_ARGS). */
const MAX_WORDS = 64;

/** Characters that mean nothing to the line parser. `%[],` and brackets are ordinary outside of log formats. */
const BARE = /^[A-Za-z0-9_.:/,@%+=~^?&[\](){}!*<>|;-]+$/;

/** Words of the language, and identifiers. Narrower than BARE: nothing here can start a log-format variable but `%[`. */
const WORD = /^(?:[A-Za-z0-9_.:/,+=*<>{}[\]()!-]|%\[[a-z_.()]+\])+$/;

/** A sample fetch without data in it, and its converters: `ssl_c_sha1,hex`. */
const SAMPLE = /^[a-z0-9_.]+(?:\([A-Za-z0-9_.]*\))?(?:,[a-z0-9_]+)*$/;

const IDENTIFIER = /^[A-Za-z0-9_.:-]+$/;

/** C0, DEL and C1. A line end would start a new directive; the rest has no meaning in any value. */
function hasControlCharacter(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}

/** An empty word ends the line for HAProxy; half a surrogate pair would come out as another character. */
const isSafe = (text: string): boolean => text !== '' && !hasControlCharacter(text) && text.isWellFormed();

/** Whether a `Value` can have this text. A tab is an ordinary character between quotes. */
export const canBeValue = (text: string): boolean => isSafe(text.replaceAll('\t', ' '));

function requireSafe(text: string, keyword: string): string {
  if (!isSafe(text)) throw new UnsafeValueError(keyword);
  return text;
}

/** Double quotes leave only `\`, `"` and `$` special, and unlike single quotes they can hold every character. */
function quote(text: string): string {
  return BARE.test(text) ? text : `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}

/** The second level: arguments in parentheses know the same quotes, but no `\$`. */
function quoteFetchArgument(text: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function callText(call: Call, keyword: string): string {
  if (call.arguments.length === 0) return call.name;
  const args = call.arguments.map((text) => quoteFetchArgument(requireSafe(text, keyword)));
  return `${call.name}(${args.join(',')})`;
}

const fetchText = (fetch: SampleFetch, keyword: string): string =>
  [fetch, ...fetch.converters].map((call) => callText(call, keyword)).join(',');

function logFormatPart(part: LogFormatPart, keyword: string): string {
  if (typeof part === 'string') return requireSafe(part, keyword).replaceAll('%', '%%');
  if ('operator' in part) return requireSafe(part.operator, keyword);
  if (!SAMPLE.test(part.sample)) throw new UnsafeValueError(keyword);
  return `%[${part.sample}]`;
}

/** @throws UnsafeValueError */
export function argumentText(argument: Argument, keyword: string): string {
  if (typeof argument === 'number') {
    if (!Number.isSafeInteger(argument)) throw new UnsafeValueError(keyword);
    return String(argument);
  }
  if (typeof argument === 'string') {
    if (!WORD.test(argument)) throw new UnsafeValueError(keyword);
    return argument;
  }
  switch (argument.kind) {
    case 'value':
      if (!canBeValue(argument.text)) throw new UnsafeValueError(keyword);
      return quote(argument.text);
    case 'verbatim':
      return argument.source;
    case 'log-format':
      return quote(requireSafe(argument.parts.map((part) => logFormatPart(part, keyword)).join(''), keyword));
    case 'fetch':
      return quote(fetchText(argument, keyword));
  }
}

/** One line of a section, without the line end. @throws UnsafeValueError */
export function writeLine({ keyword, arguments: args }: Line): string {
  if (!WORD.test(keyword)) throw new UnsafeValueError(keyword);
  const words = [keyword, ...args.map((argument) => argumentText(argument, keyword))];
  if (words.length > MAX_WORDS) throw new UnsafeValueError(keyword);
  return `${INDENT}${words.join(' ')}`;
}

/** The lines of a section with its head, each with its line end. @throws UnsafeValueError */
export function writeSection({ kind, name, lines }: Section): string {
  if (name !== null && !IDENTIFIER.test(name)) throw new UnsafeValueError(kind);
  return [name === null ? kind : `${kind} ${name}`, ...lines.map(writeLine)].map((line) => `${line}\n`).join('');
}

/**
 * The file, one directive a line, sections apart by a blank line.
 *
 * @throws UnsafeValueError with the keyword of the line, when a value cannot be held
 */
export function writeConfig({ sections }: HaproxyConfig): string {
  return sections.map(writeSection).join('\n');
}
