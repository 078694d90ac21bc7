/**
 * The only place where keepalived configuration text is made.
 *
 * Source of the rules: keepalived.conf(5) of 2.2, "Configuration file syntax". Comments (`#`, `!`), parameters (`$`),
 * sequences (`~`), conditional lines (`@`) and line continuation (`\`) are read before quotes are, so a value with one of
 * these characters cannot be held whatever its quotes; none of the values that occur has one.
 */
import { OctaviaError } from '../../errors.ts';
import type { Argument, Block, Entry, KeepalivedConfig, Line } from './config.ts';

const INDENT = '    ';
const WORD = /^[A-Za-z0-9_.:/-]+$/;
const IDENTIFIER = /^[A-Za-z0-9_-]+$/;
/** Means nothing to the parser, quoted or not. */
const BARE = /^[A-Za-z0-9_.:/,+=%^&*()<>?;|[\]-]+$/;
const COMMENT = /^[A-Za-z0-9 -]+$/;
/** Printable ASCII that may stand between double quotes. */
const QUOTABLE = /^[ A-Za-z0-9_.:/,+=%^&*()<>?;|[\]{}'`-]+$/;

function unsafe(keyword: string): OctaviaError {
  return new OctaviaError('UNSAFE_CONFIGURATION_VALUE', { keyword });
}

function argumentText(argument: Argument, keyword: string): string {
  if (typeof argument === 'number') {
    if (!Number.isSafeInteger(argument)) throw unsafe(keyword);
    return String(argument);
  }
  if (typeof argument === 'string') {
    if (!WORD.test(argument)) throw unsafe(keyword);
    return argument;
  }
  if (BARE.test(argument.text)) return argument.text;
  if (!QUOTABLE.test(argument.text) || argument.text !== argument.text.trim()) throw unsafe(keyword);
  return `"${argument.text}"`;
}

function lineText(line: Line, indent: string, context: string): string {
  const keyword = line.keyword ?? context;
  const words = line.arguments.map((argument) => argumentText(argument, keyword));
  return `${indent}${[...(line.keyword === null ? [] : [line.keyword]), ...words].join(' ')}\n`;
}

function headWords({ keyword, name }: Block): string[] {
  if (name === null) return [];
  if (typeof name !== 'string') return name.map((argument) => argumentText(argument, keyword));
  if (!IDENTIFIER.test(name)) throw unsafe(keyword);
  return [name];
}

function entryText(item: Entry, indent: string, context: string): string {
  if (item.kind === 'block') return blockText(item, indent);
  if (item.kind === 'line') return lineText(item, indent, context);
  if (!COMMENT.test(item.text)) throw unsafe('#');
  return `${indent}# ${item.text}\n`;
}

function blockText(block: Block, indent: string): string {
  const head = [block.keyword, ...headWords(block)].join(' ');
  const inner = indent + INDENT;
  const entries = block.entries.map((item) => entryText(item, inner, block.keyword));
  return `${indent}${head} {\n${entries.join('')}${indent}}\n`;
}

/**
 * The file, one directive a line, blocks apart by a blank line.
 *
 * @throws OctaviaError UNSAFE_CONFIGURATION_VALUE with the keyword of the line, when a value cannot be held
 */
export function writeKeepalived(config: KeepalivedConfig): string {
  return config.blocks.map((item) => blockText(item, '')).join('\n');
}
