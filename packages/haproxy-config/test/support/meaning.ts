/**
 * What each word of a tree is meant to say, to be compared with what a reader makes of the text. Log formats and sample
 * fetches are read a second time here, as HAProxy does it: the tests' own reading of the manual (8.2.4 and 7.3).
 */
import { readSections } from '../../src/reader.ts';
import type { Argument, HaproxyConfig, LogFormatPart } from '../../src/tree.ts';

interface MeantCall {
  name: string;
  arguments: readonly string[];
}

type Meaning = string | readonly MeantCall[] | { format: string[] };

interface MeantSection {
  head: string[];
  lines: Meaning[][];
}

function meaningOf(argument: Argument): Meaning {
  if (typeof argument === 'string' || typeof argument === 'number') return String(argument);
  switch (argument.kind) {
    case 'fetch':
      return [argument, ...argument.converters].map(({ name, arguments: args }) => ({ name, arguments: args }));
    case 'log-format':
      return { format: argument.parts.map(partMeaning) };
    case 'value':
      return argument.text;
    case 'verbatim':
      return argument.source;
  }
}

function partMeaning(part: LogFormatPart): string {
  if (typeof part === 'string') return part;
  return 'sample' in part ? `\u0001${part.sample}\u0001` : part.operator;
}

export function meantSections(config: HaproxyConfig): MeantSection[] {
  return config.sections.map((section) => ({
    head: section.name === null ? [section.kind] : [section.kind, section.name],
    lines: section.lines.map((line) => [line.keyword, ...line.arguments.map(meaningOf)]),
  }));
}

/** What a log format says: `%%` is a percent sign; what HAProxy fills in stands between two U+0001. */
function readLogFormat(format: string): string {
  return format.replace(/%(\[[A-Za-z0-9_.,()]+\]|.?)/gs, (_, next: string) => {
    if (next === '%') return '%';
    if (next.startsWith('[')) return `\u0001${next.slice(1, -1)}\u0001`;
    throw new Error(`variable in log format ${format}`);
  });
}

/** `name(argument,…),converter,…` with the second level of quotes taken off. */
function readFetch(expression: string): { name: string; arguments: string[] }[] {
  const name = /^[a-z0-9_.]+/.exec(expression)?.[0] ?? '';
  if (name === expression) return [{ name, arguments: [] }];
  if (expression[name.length] === ',') {
    return [{ name, arguments: [] }, ...readFetch(expression.slice(name.length + 1))];
  }
  if (expression[name.length] !== '(') throw new Error(`no arguments behind the name of ${expression}`);
  const args: string[] = [''];
  let quote: string | null = null;
  for (let i = name.length + 1; i < expression.length; i++) {
    const character = expression[i]!;
    if (quote === null && character === ')') {
      const call = { name, arguments: args };
      if (i === expression.length - 1) return [call];
      if (expression[i + 1] !== ',') throw new Error(`text behind the arguments of ${expression}`);
      return [call, ...readFetch(expression.slice(i + 2))];
    }
    if (quote === null && character === ',') args.push('');
    else if (character === quote) quote = null;
    else if (quote === null && (character === '"' || character === "'")) quote = character;
    else if (character === '\\' && quote !== "'") args[args.length - 1] += expression[++i] ?? '';
    else args[args.length - 1] += character;
  }
  throw new Error(`arguments do not end in ${expression}`);
}

/** Cuts what was read where the parts meet; whatever does not fit stays in one piece and differs. */
function splitLike(parts: readonly string[], read: string): string[] {
  return parts.join('') === read ? [...parts] : [read];
}

/** Reads every word in the way that HAProxy reads it at this place of the tree. */
function readAs(argument: Argument, word: string): Meaning {
  if (typeof argument === 'string' || typeof argument === 'number' || argument.kind === 'value') return word;
  if (argument.kind === 'verbatim') throw new Error(`${argument.source} was not meant to say anything`);
  if (argument.kind === 'fetch') return readFetch(word);
  // Parts that are data and stand side by side are one to a reader.
  return { format: splitLike(argument.parts.map(partMeaning), readLogFormat(word)) };
}

export function readMeaning(text: string, config: HaproxyConfig): MeantSection[] {
  const [before, ...sections] = readSections(text);
  if (before?.lines.some(({ isEmpty }) => !isEmpty)) throw new Error('a line stands before the first section');
  return sections.map(({ head, lines }, s) => ({
    head: head === null ? [] : [head.keyword, ...head.words.map(known)],
    lines: lines
      .filter(({ isEmpty }) => !isEmpty)
      .map(({ keyword, words }, l) => {
        const args = config.sections[s]?.lines[l]?.arguments ?? [];
        return [keyword, ...words.map(known).map((word, w) => (args[w] === undefined ? word : readAs(args[w], word)))];
      }),
  }));
}

function known(word: string | null): string {
  if (word === null) throw new Error('a word depends on the environment');
  return word;
}
