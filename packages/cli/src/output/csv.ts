/** Format `csv` for lists, as Python's csv module writes it. */
import { str } from '../python/repr.ts';
import type { Formatter } from './output.ts';

type Mode = 'all' | 'minimal' | 'none' | 'nonnumeric';

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';

function field(value: unknown, mode: Mode): string {
  const text = value === null || value === undefined ? '' : str(value);
  if (mode === 'none') return text.replace(/[,\\"\n]/g, '\\$&');
  const quoted = mode === 'all' || (mode === 'nonnumeric' && !isNumeric(value)) || /[,"\n]/.test(text);
  const body = text.replaceAll('\\', '\\\\').replaceAll('"', '""');
  return quoted ? `"${body}"` : body;
}

function record(values: readonly unknown[], mode: Mode): string {
  const line = values.map((value) => field(value, mode)).join(',');
  // A record of one empty field would be an empty line, which reads as no record.
  if (line !== '') return `${line}\n`;
  if (mode === 'none') throw new Error('single empty field record must be quoted');
  return '""\n';
}

export const csvFormatter: Formatter = {
  list({ columns, rows }, { quote }) {
    const mode = quote as Mode;
    return [columns, ...rows].map((values) => record(values, mode)).join('');
  },
};
