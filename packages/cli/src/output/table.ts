/** Format `table`: what people see unless they ask otherwise. */
import { cellWidth } from '../python/cell-width.ts';
import { str } from '../python/repr.ts';
import { wrap } from '../python/text-wrap.ts';
import type { Formatter, OutputOptions } from './output.ts';
import { printableLines } from './printable.ts';

type Align = 'left' | 'right' | 'center';

/** Columns are made no narrower than that, even when the table then does not fit. */
const MIN_WIDTH_OF_LIST = 8;
const MIN_WIDTH_OF_RECORD = 16;

const isNumber = (value: unknown): boolean => typeof value === 'number';
const linesOf = (cell: string): string[] => cell.split('\n');
const widthOf = (cell: string): number => linesOf(cell).reduce((most, line) => Math.max(most, cellWidth(line)), 0);

/** Carriage returns would write over the borders. On a terminal the width is that of what is shown. */
function cellOf(value: unknown, { terminal }: OutputOptions): string {
  const text = typeof value === 'string' ? value.replaceAll('\r\n', '\n').replaceAll('\r', ' ') : str(value);
  return terminal === null ? text : printableLines(text);
}

function justified(text: string, width: number, align: Align): string {
  const excess = Math.max(0, width - cellWidth(text));
  if (align === 'left') return text + ' '.repeat(excess);
  if (align === 'right') return ' '.repeat(excess) + text;
  // Of an odd number the text of odd length has more blanks behind it.
  const before = (excess >> 1) + (excess % 2 === 1 && cellWidth(text) % 2 === 0 ? 1 : 0);
  return ' '.repeat(before) + text + ' '.repeat(excess - before);
}

/** @param limits widest a column may be, where that is limited */
function draw(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: readonly Align[],
  limits: readonly (number | null)[],
): string {
  const widths = header.map((name, index) => {
    const limit = limits[index] ?? Number.POSITIVE_INFINITY;
    return rows.reduce((most, row) => Math.max(most, Math.min(widthOf(row[index] ?? ''), limit)), cellWidth(name));
  });
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, index) => ` ${justified(cell, widths[index] ?? 0, aligns[index] ?? 'left')} `).join('|')}|`;
  const body = rows.flatMap((row) => {
    const cells = row.map((cell, index) => fitted(cell, widths[index] ?? 1));
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, y) => line(cells.map((cell) => cell[y] ?? '')));
  });
  return [rule, line(header), rule, ...body, rule].join('\n');
}

const fitted = (cell: string, width: number): string[] =>
  linesOf(cell).flatMap((line) => {
    if (cellWidth(line) <= width) return [line];
    const wrapped = wrap(line, width);
    return wrapped.length === 0 ? [''] : wrapped;
  });

/** How wide each column may be, so that the table fits where it can. */
function limitsFor(
  header: readonly string[],
  firstLine: string,
  minimum: number,
  { max_width: maxWidth, fit_width: fitWidth, terminal }: OutputOptions,
): (number | null)[] {
  const none = header.map(() => null);
  const room = maxWidth > 0 ? maxWidth : fitWidth ? terminal : null;
  if (room === null || room === 0 || firstLine.length <= room) return none;
  const usable = Math.max(0, room - 1 - 3 * header.length);
  const share = Math.max(0, Math.floor(usable / header.length));
  const widths = firstLine
    .split('+')
    .slice(1, -1)
    .map((part) => Math.max(0, part.length - 2));
  const wide = widths.flatMap((width, index) => (width > share ? [index] : []));
  let left = usable - widths.reduce((sum, width) => sum + (width > share ? 0 : width), 0);
  const each = Math.floor(left / wide.length);
  const limits: (number | null)[] = none;
  for (const index of wide.slice(0, -1)) {
    limits[index] = Math.max(minimum, each);
    left -= each;
  }
  const last = wide.at(-1);
  if (last !== undefined) limits[last] = Math.max(minimum, left);
  return limits;
}

function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: readonly Align[],
  minimum: number,
  options: OutputOptions,
): string {
  const unlimited = draw(header, rows, aligns, []);
  const limits = limitsFor(header, unlimited.slice(0, unlimited.indexOf('\n')), minimum, options);
  return limits.every((limit) => limit === null) ? unlimited : draw(header, rows, aligns, limits);
}

export const tableFormatter: Formatter = {
  list({ columns, rows }, options) {
    if (rows.length === 0 && !options.print_empty) return '\n';
    const first = rows[0];
    const aligns = columns.map((_, index): Align => {
      if (first === undefined) return 'center';
      return isNumber(first[index]) ? 'right' : 'left';
    });
    return `${table(
      columns,
      rows.map((row) => row.map((value) => cellOf(value, options))),
      aligns,
      MIN_WIDTH_OF_LIST,
      options,
    )}\n`;
  },

  one({ columns, values }, options) {
    if (columns.length === 0) return '\n';
    const rows = columns.map((name, index) => [name, cellOf(values[index], options)]);
    return `${table(['Field', 'Value'], rows, ['left', 'left'], MIN_WIDTH_OF_RECORD, options)}\n`;
  },
};
