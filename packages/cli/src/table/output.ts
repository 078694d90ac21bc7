/** Options of how things are shown, as cliff has them. */
import type { Argument, Command } from '../command.ts';
import type { OutputOptions } from '../output/output.ts';
import type { Values } from '../parser/parse.ts';
import { flag, option } from './arguments.ts';

/** Two shown spellings: the short one stands in usage lines. */
const short = (letter: string, name: string, more: Partial<Argument> & { help: string }): Argument => ({
  flags: [`-${letter}`, `--${name}`],
  dest: name,
  ...more,
});

export const HELP: Argument = short('h', 'help', { takes: 0, action: 'help', help: 'Show this page.' });

const format = (choices: string[]): Argument =>
  short('f', 'format', { choices, default: 'table', help: 'How to show it; table unless told otherwise.' });

const columns = short('c', 'column', {
  action: 'append',
  default: [],
  metavar: 'COLUMN',
  help: 'Only this column; repeat it for several.',
});

/** Options of formatters stand for no field of the API. */
const plain = (argument: Argument): Argument => {
  const { field: _, ...rest } = argument;
  return rest;
};

const noindent = flag('--noindent', 'JSON on one line.');
const prefix = plain(option('--prefix', 'PREFIX', 'Text before the names of shell variables.', { default: '' }));
const variable = plain(
  option('--variable', 'VARIABLE', 'Only this shell variable.', { action: 'append', default: [], hidden: true }),
);

const width: readonly Argument[] = [
  plain(
    option('--max-width', '<integer>', 'Widest the table may be; 0 is no limit. Default: CLIFF_MAX_TERM_WIDTH.', {
      type: 'int',
    }),
  ),
  flag('--fit-width', 'Fit the table to the terminal. Default: CLIFF_FIT_WIDTH.'),
  flag('--print-empty', 'Show the header of an empty table, too.'),
];

const LIST: readonly Argument[] = [
  format(['csv', 'json', 'table', 'value', 'yaml']),
  columns,
  plain(
    option(
      '--quote',
      '{all,minimal,none,nonnumeric}',
      'Which cells of csv are quoted; nonnumeric unless told otherwise.',
      {
        choices: ['all', 'minimal', 'none', 'nonnumeric'],
        default: 'nonnumeric',
      },
    ),
  ),
  noindent,
  ...width,
  plain(
    option('--sort-column', 'SORT_COLUMN', 'Sort by this column; repeat it for several, the first counts most.', {
      action: 'append',
      default: [],
    }),
  ),
  flag('--sort-ascending', 'The smallest first.', { dest: 'sort_direction', constant: 'asc', group: 'sort' }),
  flag('--sort-descending', 'The largest first.', { dest: 'sort_direction', constant: 'desc', group: 'sort' }),
];

const ONE: readonly Argument[] = [
  format(['json', 'shell', 'table', 'value', 'yaml']),
  columns,
  noindent,
  variable,
  prefix,
  ...width,
];

/** The options for showing what a command finds. */
export const outputArguments = (output: Command['output']): readonly Argument[] =>
  output === 'list' ? LIST : output === 'one' ? ONE : [];

/** What they say, with the two that the environment may say for all commands. */
export const optionsOf = (
  values: Values,
  { env, terminal }: { env: Readonly<Record<string, string | undefined>>; terminal: () => number | null },
): OutputOptions => ({
  ...(values as unknown as OutputOptions),
  max_width: (values.max_width as number | null) ?? Number(env.CLIFF_MAX_TERM_WIDTH ?? 0),
  fit_width: values.fit_width === true || Number(env.CLIFF_FIT_WIDTH ?? 0) !== 0,
  terminal: terminal(),
});

/** All arguments of a command in the order of its usage. */
export const allArguments = (command: Command): readonly Argument[] => [
  HELP,
  ...outputArguments(command.output),
  ...command.arguments,
];
