/** What a command line means. Help pages are loaded when they are asked for. */
import type { Argument, Command } from './command.ts';
import { EXIT, UsageError } from './failure.ts';
import { findCommand, similar } from './parser/find-command.ts';
import { type Parsed, parse, parseKnown, type Values } from './parser/parse.ts';
import type { Surroundings } from './surroundings.ts';
import { GLOBAL_ARGUMENTS } from './table/global.ts';
import { COMMANDS } from './table/index.ts';
import { allArguments } from './table/output.ts';
import { VERSION } from './version.ts';

const WIDTH = 80;

/** `help`, as a command with words of its own. */
const HELP_COMMAND: readonly Argument[] = [
  { flags: ['-h', '--help'], dest: 'help', takes: 0, action: 'help', help: 'Show this page.' },
  { flags: [], dest: 'cmd', takes: '*', help: 'Words of the command.' },
];

/** Columns that usage and help may take. */
function widthOf({ env, terminal }: Surroundings): number {
  const columns = Number(env.COLUMNS);
  return Number.isInteger(columns) && columns > 0 ? columns : (terminal() ?? WIDTH);
}

async function usageError(
  surroundings: Surroundings,
  program: string,
  known: readonly Argument[],
  oneOf: readonly string[],
  error: unknown,
): Promise<number> {
  if (!(error instanceof UsageError)) throw error;
  const { usageOf } = await import('./parser/usage.ts');
  surroundings.err(`${usageOf(program, known, oneOf, widthOf(surroundings))}\n${program}: error: ${error.message}\n`);
  return EXIT.usage;
}

async function help(surroundings: Surroundings, words: readonly string[]): Promise<number> {
  const { name, out, err } = surroundings;
  const { commandHelp, programHelp } = await import('./parser/help.ts');
  const plain = words.filter((word) => !word.startsWith('-'));
  const found = findCommand(COMMANDS, plain);
  if (found !== null) {
    out(commandHelp(found.command, `${name} ${found.typed}`, widthOf(surroundings)));
    return EXIT.done;
  }
  const [first] = plain;
  if (first === undefined) {
    out(programHelp(COMMANDS, name, widthOf(surroundings)));
    return EXIT.done;
  }
  const matches = COMMANDS.map((command) => command.words).filter((each) => each.startsWith(first));
  if (matches.length > 0) {
    out(
      `Command "${first}" matches:\n${matches
        .sort()
        .map((each) => `  ${each}\n`)
        .join('')}`,
    );
    return EXIT.done;
  }
  const { repr } = await import('./python/repr.ts');
  err(`Unknown command ${repr(plain)}\n`);
  return EXIT.failed;
}

function unknownCommand({ name, out }: Surroundings, words: readonly string[]): number {
  const article = /^[aeiou]/.test(name) ? 'an' : 'a';
  out(`${name}: '${words.join(' ')}' is not ${article} ${name} command. See '${name} --help'.\n`);
  out(`Did you mean one of these?\n`);
  for (const match of similar(COMMANDS, words[0] ?? '')) out(`  ${match}\n`);
  return EXIT.usage;
}

/** What a variable of the environment says counts as the default. */
function withVariable(argument: Argument, { env }: Surroundings): Argument {
  const value = argument.env === undefined ? undefined : env[argument.env];
  return value === undefined || value === '' ? argument : { ...argument, default: value };
}

/** Options of the program that the command has for itself: `image build -v`. */
function claimed(known: readonly Argument[], seen: readonly Argument[]): string[] {
  const own = new Set(known.filter(({ action }) => action !== 'help').flatMap(({ flags }) => flags));
  return seen.flatMap(({ flags }) => flags.filter((flag) => own.has(flag)));
}

/** A command line that was understood. */
export interface Understood {
  command: Command;
  values: Values;
  globals: Values;
}

/** @returns the exit code where there is nothing to carry out: after help, or a mistake */
export async function understand(words: readonly string[], surroundings: Surroundings): Promise<Understood | number> {
  const { name, out } = surroundings;
  let parsed: Parsed;
  try {
    parsed = parseKnown(GLOBAL_ARGUMENTS, words);
  } catch (error) {
    return usageError(surroundings, name, GLOBAL_ARGUMENTS, [], error);
  }
  const { values: globals, rest, seen } = parsed;
  const asked = new Set(seen.map(({ action }) => action));
  if (asked.has('version')) {
    out(`${name} ${VERSION}\n`);
    return EXIT.done;
  }
  if (asked.has('help') || rest.length === 0) return help(surroundings, rest);
  if (rest[0] === 'help') return helpCommand(surroundings, rest.slice(1));
  const found = findCommand(COMMANDS, rest);
  if (found === null) return unknownCommand(surroundings, rest);
  const { command, typed } = found;
  const known = allArguments(command).map((argument) => withVariable(argument, surroundings));
  const oneOf = command.oneOf ?? [];
  try {
    return { command, globals, values: parse(known, [...found.rest, ...claimed(known, seen)], oneOf).values };
  } catch (error) {
    return usageError(surroundings, `${name} ${typed}`, known, oneOf, error);
  }
}

async function helpCommand(surroundings: Surroundings, words: readonly string[]): Promise<number> {
  try {
    const { values } = parse(HELP_COMMAND, words);
    return await help(surroundings, (values.cmd as string[] | null) ?? []);
  } catch (error) {
    return usageError(surroundings, `${surroundings.name} help`, HELP_COMMAND, [], error);
  }
}
