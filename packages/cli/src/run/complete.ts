/** `octavia __complete`, which completion scripts call: names of what may stand at the cursor. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Send } from '@octavia/client';
import { type Argument, type Command, type Finder, takesWord } from '../command.ts';
import { isPrintable } from '../output/printable.ts';
import { findCommand } from '../parser/find-command.ts';
import { OptionIndex } from '../parser/option-index.ts';
import { parseKnown, type Values } from '../parser/parse.ts';
import type { Surroundings } from '../surroundings.ts';
import { GLOBAL_ARGUMENTS } from '../table/global.ts';
import { COMMANDS } from '../table/index.ts';
import { allArguments } from '../table/output.ts';
import type { Services } from './context.ts';
import { Names } from './names.ts';

/** Longer than this nobody waits for names, from the first request on; OCTAVIA_COMPLETION_MS says otherwise. */
const LIMIT_MS = 300;
/** Who presses the key again soon means the same names. */
const KEPT_MS = 10_000;

interface Place {
  finder: Finder;
  /** Name or id of the pool or the L7 policy. */
  parent: string | null;
  globals: Values;
}

/** What may stand behind these words. @param words before the cursor */
function placeAt(words: readonly string[]): Place | null {
  const commandWords = words.filter((_, index) => !isOfGlobal(words, index));
  const found = findCommand(COMMANDS, commandWords);
  if (found === null) return null;
  const { values: globals } = parseKnown(GLOBAL_ARGUMENTS, words);
  const { argument, positionals } = argumentAt(found.command, found.rest);
  if (argument?.find === undefined) return null;
  const [parent = null] = ['members', 'l7rules'].includes(argument.find) ? positionals : [];
  return { finder: argument.find, parent, globals };
}

/** Options of the program and their values may stand anywhere. */
function isOfGlobal(words: readonly string[], index: number): boolean {
  const options = new OptionIndex(GLOBAL_ARGUMENTS);
  const known = (word: string | undefined) => (word?.startsWith('-') ? options.find(word) : null);
  if (known(words[index])?.argument) return true;
  const before = known(words[index - 1]);
  return before?.argument != null && before.value === null && takesWord(before.argument);
}

/** @param rest what stands behind the words of the command */
function argumentAt(
  command: Command,
  rest: readonly string[],
): { argument: Argument | undefined; positionals: string[] } {
  const options = new OptionIndex(allArguments(command));
  const expected = command.arguments.filter(({ flags }) => flags.length === 0);
  const positionals: string[] = [];
  let open: Argument | null = null;
  for (const word of rest) {
    if (open !== null) {
      open = null;
      continue;
    }
    const option = options.find(word);
    if (option === null) positionals.push(word);
    else if (option.argument !== null && option.value === null && takesWord(option.argument)) open = option.argument;
  }
  const next = expected[positionals.length] ?? (expected.at(-1)?.takes === '*' ? expected.at(-1) : undefined);
  return { argument: open ?? next, positionals };
}

/**
 * Prints one name a line; nothing where nobody knows, or not in time.
 * @param words behind `__complete`; the last one is what is being typed
 */
export async function complete(words: readonly string[], { out, env }: Surroundings, open: Open): Promise<void> {
  try {
    const place = placeAt(words.slice(0, -1));
    if (place === null) return;
    const typed = words.at(-1) ?? '';
    const file = fileFor(place, env);
    const known = readKept(file) ?? (await ask(place, open, Number(env.OCTAVIA_COMPLETION_MS) || LIMIT_MS));
    // Of a name with more than one line each would be a name.
    const named = known.filter(({ name }) => isPrintable(name) && name.startsWith(typed)).map(({ name }) => name);
    const offered = named.length > 0 ? named : known.filter(({ id }) => id.startsWith(typed)).map(({ id }) => id);
    out(
      [...new Set(offered)]
        .sort()
        .map((each) => `${each}\n`)
        .join(''),
    );
    keep(file, known);
  } catch {
    // In the middle of a line that is being typed there is no place for what went wrong.
  }
}

type Known = readonly { id: string; name: string }[];
/** Makes the services of the cloud that the options mean. @param around what every exchange goes through */
type Open = (globals: Values, around: (send: Send) => Send) => Services;

const ask = ({ finder, parent, globals }: Place, open: Open, milliseconds: number): Promise<Known> =>
  new Names(open(globals, limited(milliseconds))).all(finder, parent);

const limited =
  (milliseconds: number) =>
  (send: Send): Send => {
    let limit: AbortSignal | null = null;
    return (request) => {
      limit ??= AbortSignal.timeout(milliseconds);
      return send({
        ...request,
        signal: request.signal === undefined ? limit : AbortSignal.any([request.signal, limit]),
      });
    };
  };

/** Another cloud, project or user has other names. */
function fileFor(place: Place, env: Surroundings['env']): string {
  const about = Object.entries(env).filter(([name]) => name.startsWith('OS_'));
  const text = JSON.stringify([place, about.sort(), process.cwd()]);
  const folder = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(folder, 'octavia', `names-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`);
}

function readKept(file: string): Known | null {
  try {
    const { until, known } = JSON.parse(readFileSync(file, 'utf8')) as { until: number; known: Known };
    return until > Date.now() && until <= Date.now() + KEPT_MS ? known : null;
  } catch {
    return null;
  }
}

function keep(file: string, known: Known): void {
  if (readKept(file) !== null) return;
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const half = `${file}.${process.pid}`;
  writeFileSync(half, JSON.stringify({ until: Date.now() + KEPT_MS, known }), { mode: 0o600 });
  renameSync(half, file);
}
