/** From what a command found to text: columns chosen, rows sorted, one format. */
import { CommandFailure } from '../failure.ts';
import { repr, reprTuple } from '../python/repr.ts';
import { compareCodePoints } from '../python/yaml.ts';
import { csvFormatter } from './csv.ts';
import { jsonFormatter, shellFormatter, valueFormatter, yamlFormatter } from './machine.ts';
import type { Formatter, Listing, OneRecord, OutputOptions } from './output.ts';
import { printableLines } from './printable.ts';
import { tableFormatter } from './table.ts';

const FORMATTERS: Record<string, Formatter> = {
  csv: csvFormatter,
  json: jsonFormatter,
  shell: shellFormatter,
  table: tableFormatter,
  value: valueFormatter,
  yaml: yamlFormatter,
};

/** @throws CommandFailure when none of the asked columns exists */
function chosen(columns: readonly string[], asked: readonly string[]): number[] {
  const all = columns.map((_, index) => index);
  if (asked.length === 0) return all;
  const wanted = new Set(asked.map(folded));
  const found = all.filter((index) => wanted.has(folded(columns[index] ?? '')));
  if (found.length > 0) return found;
  throw new CommandFailure(
    `No recognized column names in ${repr([...asked])}. Recognized columns are ${reprTuple(columns)}.`,
  );
}

/** `VIP Address` asks for `vip_address`. */
const folded = (name: string): string => name.toLowerCase().replaceAll(' ', '_');

/** Numbers and booleans among themselves, texts among themselves; null when Python could not tell. */
function compare(a: unknown, b: unknown): number | null {
  if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b);
  const numbers = [a, b].map((value) => (typeof value === 'boolean' ? Number(value) : value));
  const [left, right] = numbers;
  return typeof left === 'number' && typeof right === 'number' ? left - right : null;
}

/** Stable, unset values last; the order stays where values cannot be compared. */
function sortedBy(rows: Listing['rows'], index: number, descending: boolean): Listing['rows'] {
  let comparable = true;
  const order = (a: readonly unknown[], b: readonly unknown[]): number => {
    const [left, right] = [a[index] ?? null, b[index] ?? null];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const difference = compare(left, right);
    if (difference === null) comparable = false;
    return difference ?? 0;
  };
  const sorted = rows.toSorted((a, b) => (descending ? order(b, a) : order(a, b)));
  return comparable ? sorted : rows;
}

/** @throws CommandFailure */
export function renderList(listing: Listing, options: OutputOptions): string {
  let { rows } = listing;
  for (const name of options.sort_column.toReversed()) {
    const index = listing.columns.findIndex((column) => folded(column) === folded(name));
    if (index >= 0) rows = sortedBy(rows, index, options.sort_direction === 'desc');
  }
  const indexes = chosen(listing.columns, options.column);
  const pick = (row: readonly unknown[]): unknown[] => indexes.map((index) => row[index]);
  const columns = indexes.map((index) => listing.columns[index] ?? '');
  const all = indexes.length === listing.columns.length;
  const text = FORMATTERS[options.format]?.list?.({ columns, rows: all ? rows : rows.map(pick) }, options) ?? '';
  return shown(text, options);
}

/** @throws CommandFailure */
export function renderOne(record: OneRecord, options: OutputOptions): string {
  const indexes = chosen(record.columns, options.column);
  const columns = indexes.map((index) => record.columns[index] ?? '');
  const values = indexes.map((index) => record.values[index]);
  return shown(FORMATTERS[options.format]?.one?.({ columns, values }, options) ?? '', options);
}

/** Programs get what there is, people what does not steer their terminal. */
const shown = (text: string, { terminal }: OutputOptions): string => (terminal === null ? text : printableLines(text));
