/** What each word of a tree is meant to say, to be compared with what a reader makes of the text. */
import type { Argument, HaproxyConfig } from '../../../src/dataplane/haproxy/config.ts';
import { type ReadSection, readFetch, readLogFormatLiteral, readSections } from './tokenizer.ts';

type Meaning = string | { name: string; arguments: readonly string[] };

interface MeantSection {
  head: string[];
  lines: Meaning[][];
}

function meaningOf(argument: Argument): Meaning {
  if (typeof argument === 'string' || typeof argument === 'number') return String(argument);
  return argument.kind === 'fetch' ? { name: argument.name, arguments: argument.arguments } : argument.text;
}

export function meantSections(config: HaproxyConfig): MeantSection[] {
  return config.sections.map((section) => ({
    head: section.name === null ? [section.kind] : [section.kind, section.name],
    lines: section.lines.map((line) => [line.keyword, ...line.arguments.map(meaningOf)]),
  }));
}

/** Reads every word in the way that HAProxy reads it at this place of the tree. */
function readAs(argument: Argument, word: string): Meaning {
  if (typeof argument === 'string' || typeof argument === 'number' || argument.kind === 'value') return word;
  return argument.kind === 'fetch' ? readFetch(word) : readLogFormatLiteral(word);
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
