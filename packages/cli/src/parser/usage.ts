/** Usage lines and help pages in the layout of argparse. */
import type { Argument } from '../command.ts';
import { wrap } from '../python/text-wrap.ts';
import { groupsOf } from './parse.ts';

/** Where help texts begin at most. */
const HELP_COLUMN = 24;
const PREFIX = 'usage: ';

/** What stands for the value. */
function metavarOf(argument: Argument): string {
  if (argument.metavar !== undefined) return argument.metavar;
  if (argument.choices !== undefined) return `{${argument.choices.join(',')}}`;
  return argument.flags.length > 0 ? argument.dest.toUpperCase() : argument.dest;
}

function valuePart(argument: Argument): string {
  const metavar = metavarOf(argument);
  if (argument.takes === '?') return `[${metavar}]`;
  return argument.takes === '*' ? `[${metavar} ...]` : metavar;
}

function part(argument: Argument): string {
  const [flag] = argument.flags;
  if (flag === undefined) return valuePart(argument);
  return argument.takes === 0 ? flag : `${flag} ${valuePart(argument)}`;
}

/** Parts that are not broken apart, options first. */
function usageParts(known: readonly Argument[], oneOf: readonly string[]): string[] {
  const shown = known.filter(({ hidden }) => hidden !== true);
  const options = shown.filter(({ flags }) => flags.length > 0);
  const groups = groupsOf(options);
  const parts: string[] = [];
  for (const option of options) {
    const members = groups.get(option.group ?? '') ?? [];
    if (members.length < 2) parts.push(option.required ? part(option) : `[${part(option)}]`);
    else if (members[0] === option) {
      const [open, close] = oneOf.includes(option.group ?? '') ? '()' : '[]';
      parts.push(`${open}${members.map(part).join(' | ')}${close}`);
    }
  }
  return parts;
}

/** The parts of a usage at which a line may break: a required option and its value may be apart. */
const pieces = (parts: readonly string[]): string[] =>
  parts.flatMap((text) => (/^[[(]/.test(text) ? [text] : text.split(' ')));

/** @param width of the terminal @returns `usage: …`, without a line feed at the end */
export function usageOf(program: string, known: readonly Argument[], oneOf: readonly string[], width: number): string {
  const options = pieces(usageParts(known, oneOf));
  const positionals = known.filter(({ flags }) => flags.length === 0).map(valuePart);
  const room = width - 2;
  const line = [program, ...options, ...positionals].join(' ');
  if (PREFIX.length + line.length <= room) return `${PREFIX}${line}`;
  const broken = (words: readonly string[], indent: number, first: number): string[] => {
    const lines: string[] = [];
    let current: string[] = [];
    let length = first - 1;
    for (const word of words) {
      if (length + 1 + word.length > room && current.length > 0) {
        lines.push(current.join(' '));
        current = [];
        length = indent - 1;
      }
      current.push(word);
      length += word.length + 1;
    }
    if (current.length > 0) lines.push(current.join(' '));
    return lines;
  };
  if (PREFIX.length + program.length <= 0.75 * room) {
    const indent = PREFIX.length + program.length + 1;
    const [head = program, ...lines] =
      options.length > 0
        ? [...broken([program, ...options], indent, PREFIX.length), ...broken(positionals, indent, indent)]
        : broken([program, ...positionals], indent, PREFIX.length);
    return [`${PREFIX}${head}`, ...lines.map((text) => ' '.repeat(indent) + text)].join('\n');
  }
  const indent = PREFIX.length;
  const together = broken([...options, ...positionals], indent, indent);
  const lines =
    together.length > 1 ? [...broken(options, indent, indent), ...broken(positionals, indent, indent)] : together;
  return [`${PREFIX}${program}`, ...lines.map((text) => ' '.repeat(indent) + text)].join('\n');
}

/** How an option is written, in all its spellings. */
export function spelling(argument: Argument): string {
  if (argument.flags.length === 0) return metavarOf(argument);
  return argument.flags.map((flag) => (argument.takes === 0 ? flag : `${flag} ${valuePart(argument)}`)).join(', ');
}

/** @returns indented lines: name and help text */
function entry(argument: Argument, column: number, width: number): string {
  const name = `  ${spelling(argument)}`;
  const lines = wrap(argument.help, Math.max(11, width - column));
  const blank = ' '.repeat(column);
  const beside = name.length <= column - 2;
  const head = beside ? [name.padEnd(column) + (lines.shift() ?? '')] : [name];
  return [...head, ...lines.map((line) => blank + line)].join('\n').trimEnd();
}

export interface Section {
  title: string;
  text?: string;
  arguments: readonly Argument[];
}

/** @returns sections with at least one argument to show, each with its title */
export function sectionsText(sections: readonly Section[], width: number): string {
  const shown = sections
    .map((section) => ({ ...section, arguments: section.arguments.filter(({ hidden }) => hidden !== true) }))
    .filter((section) => section.arguments.length > 0);
  const longest = Math.max(...shown.flatMap((section) => section.arguments.map((each) => spelling(each).length + 2)));
  const column = Math.min(longest + 2, HELP_COLUMN);
  return shown
    .map(({ title, text, arguments: own }) => {
      const head = text === undefined ? `${title}:` : `${title}:\n  ${text}\n`;
      return `${head}\n${own.map((argument) => entry(argument, column, width - 2)).join('\n')}\n`;
    })
    .join('\n');
}
