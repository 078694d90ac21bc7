/** Texts of the command line as values, in the words of argparse where they are none. */
import type { Argument } from '../command.ts';
import { UsageError } from '../failure.ts';
import { repr, reprString } from '../python/repr.ts';

/** How an argument is called in errors. */
export function nameOf(argument: Argument): string {
  if (argument.flags.length > 0) return argument.flags.join('/');
  return argument.metavar ?? argument.dest;
}

export const wrongArgument = (argument: Argument, message: string): UsageError =>
  new UsageError(`argument ${nameOf(argument)}: ${message}`);

/** A whole number as Python reads it: blanks around it, a sign, `_` between digits. Null when it is none. */
export function parseInteger(text: string): number | null {
  const plain = text.trim();
  return /^[+-]?\d+(_\d+)*$/.test(plain) ? Number(plain.replaceAll('_', '')) : null;
}

/** A number as Python reads it. Null when it is none. */
function parseDecimal(text: string): number | null {
  const plain = text.trim().replaceAll(/(?<=\d)_(?=\d)/g, '');
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return Number(plain);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(plain);
  if (special === null) return null;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function converted(argument: Argument, text: string): unknown {
  if (argument.type === 'upper') return text.toUpperCase();
  if (argument.type === undefined) return text;
  const value = argument.type === 'int' ? parseInteger(text) : parseDecimal(text);
  if (value === null) throw wrongArgument(argument, `invalid ${argument.type} value: ${reprString(text)}`);
  return value;
}

/** Versions of HTTP are numbers with a point. */
const shown = (argument: Argument, value: unknown): string =>
  argument.type === 'float' && Number.isInteger(value) ? `${String(value)}.0` : repr(value);

/** @throws UsageError */
export function parsedValue(argument: Argument, text: string): unknown {
  const value = converted(argument, text);
  if (argument.choices !== undefined && !argument.choices.includes(value as string)) {
    const choices = argument.choices.map((choice) => shown(argument, choice)).join(', ');
    throw wrongArgument(argument, `invalid choice: ${shown(argument, value)} (choose from ${choices})`);
  }
  const fault = argument.check?.(text) ?? null;
  if (fault !== null) throw wrongArgument(argument, fault);
  return value;
}
