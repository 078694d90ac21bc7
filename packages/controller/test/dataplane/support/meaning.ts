/** What each word of a tree is meant to say, to be compared with what a reader makes of the text. */
import type { Argument, HaproxyConfig, LogFormatPart } from '../../../src/dataplane/haproxy/config.ts';
import { type ReadSection, readFetch, readLogFormat, readSections } from './tokenizer.ts';

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

/** Cuts what was read where the parts meet; whatever does not fit stays in one piece and differs. */
function splitLike(parts: readonly string[], read: string): string[] {
  return parts.join('') === read ? [...parts] : [read];
}

/** Reads every word in the way that HAProxy reads it at this place of the tree. */
function readAs(argument: Argument, word: string): Meaning {
  if (typeof argument === 'string' || typeof argument === 'number' || argument.kind === 'value') return word;
  if (argument.kind === 'fetch') return readFetch(word);
  // Parts that are data and stand side by side are one to a reader.
  return { format: splitLike(argument.parts.map(partMeaning), readLogFormat(word)) };
}

export function readMeaning(text: string, config: HaproxyConfig): MeantSection[] {
  return readSections(text).map((section: ReadSection, s) => ({
    head: section.head,
    lines: section.lines.map((words, l) => {
      const args = config.sections[s]?.lines[l]?.arguments ?? [];
      return words.map((word, w) => (w === 0 || args[w - 1] === undefined ? word : readAs(args[w - 1]!, word)));
    }),
  }));
}
