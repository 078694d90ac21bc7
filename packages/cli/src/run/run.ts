/** Carries out a command line that was understood. What only some commands need is loaded when they run. */
import type { Send } from '@octavia/client';
import type { Shell } from '../completion.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { printableLines } from '../output/printable.ts';
import type { Values } from '../parser/parse.ts';
import type { Surroundings } from '../surroundings.ts';
import { optionsOf } from '../table/output.ts';
import type { Understood } from '../understand.ts';
import { act, type Result } from './act.ts';
import { cloudServices } from './cloud.ts';
import type { Context } from './context.ts';
import { Printed, printed } from './curl.ts';
import { explain } from './explain.ts';
import { named } from './faults.ts';
import { patient } from './patient.ts';
import type { Timing } from './wire.ts';

/**
 * @param open makes the services of the cloud that the options mean
 * @returns the exit code
 */
export async function carryOut(
  understood: Understood,
  raw: Surroundings,
  open: typeof cloudServices = cloudServices,
): Promise<number> {
  const { globals } = understood;
  const surroundings = { ...raw, err: (text: string) => raw.err(printableLines(text)) };
  const timings: Timing[] = [];
  try {
    const around = await layers(surroundings, raw, globals, timings);
    const services = open(surroundings, globals, around, () => askPassword(surroundings));
    const code = await perform(understood, { ...surroundings, errScreen: raw, globals, services });
    if (globals.timing === true) await showTimings(surroundings, timings);
    return code;
  } catch (error) {
    if (surroundings.signal?.aborted) return EXIT.interrupted;
    if (error instanceof Printed) return EXIT.done;
    const isPerson = surroundings.errIsTerminal();
    surroundings.err(`${explain(error, { name: surroundings.name, debug: globals.debug === true, isPerson })}\n`);
    return error instanceof CommandFailure ? error.exitCode : EXIT.failed;
  }
}

/** @returns the exit code */
async function perform({ command, values }: Understood, context: Context): Promise<number> {
  const result = await (command.does.verb === 'own'
    ? own(command.does.name, values, context)
    : act(command, values, context));
  // Standard output holds the requests alone.
  if (result === null || context.globals.curl === true) return EXIT.done;
  if ('code' in result) return result.code;
  if ('text' in result) {
    context.out(result.text);
    return EXIT.done;
  }
  const { renderList, renderOne } = await import('../output/render.ts');
  const options = optionsOf(values, context);
  context.out('list' in result ? renderList(result.list, options) : renderOne(result.one, options));
  return EXIT.done;
}

/** Commands that the openstack client does not have. */
const OWN: Readonly<Record<string, (values: Values, context: Context) => Promise<Result>>> = {
  tree: async (values, context) => ({ text: await (await import('./tree.ts')).tree(values, context) }),
  watch: async (values, context) => {
    await (await import('./watch.ts')).watch(values, context);
    return null;
  },
  operations: async (values, context) => (await import('./operations.ts')).operations(values, context),
  top: async (values, context) => (await import('./top.ts')).top(values, context),
  'loadbalancer route': async (values, context) => (await import('./route.ts')).route(values, context),
  'config show': async (values, context) => (await import('./config-show.ts')).configShow(values, context),
  apply: async (values, context) => ({ code: await (await import('./apply.ts')).apply(values, context) }),
  export: async (values, context) => ({ text: await (await import('./export.ts')).exportOf(values, context) }),
  explain: async (values, context) => ({
    text: await (await import('./explain-field.ts')).explainField(values, context),
  }),
  completion: async ({ shell }) => ({ text: (await import('../completion.ts')).completionScript(shell as Shell) }),
};

async function own(name: string, values: Values, context: Context): Promise<Result> {
  return OWN[name]?.(values, context) ?? null;
}

/** For the completion scripts of shells. @param words up to the cursor */
export async function completeNames(words: readonly string[], surroundings: Surroundings): Promise<void> {
  const { complete } = await import('./complete.ts');
  await complete(words, surroundings, (globals, around) =>
    cloudServices(surroundings, globals, around, async () => null),
  );
}

/** What every exchange goes through, the innermost first. */
async function layers(
  surroundings: Surroundings,
  errScreen: Context['errScreen'],
  globals: Values,
  timings: Timing[],
): Promise<(send: Send) => Send> {
  const isLoud = globals.debug === true || Number(globals.verbose_level) >= 3;
  const file = typeof globals.log_file === 'string' ? globals.log_file : null;
  const told = surroundings.errIsTerminal() ? patient(errScreen) : (send: Send): Send => send;
  const shown = globals.curl === true ? printed((line) => surroundings.out(`${line}\n`)) : told;
  if (!isLoud && file === null && globals.timing !== true) return (send) => named(shown(send));
  const { logged, timed } = await import('./wire.ts');
  const { appendFileSync } = await import('node:fs');
  const say = (line: string): void => {
    if (isLoud) surroundings.err(`${line}\n`);
    if (file !== null) keep(file, `${new Date().toISOString()} ${printableLines(line)}\n`);
  };
  const keep = (path: string, text: string): void => {
    try {
      appendFileSync(path, text);
    } catch (error) {
      throw new CommandFailure(`The log file ${path} cannot be written: ${(error as Error).message}`);
    }
  };
  return (send) => named(shown(timed(timings)(isLoud || file !== null ? logged(say)(send) : send)));
}

async function showTimings({ out, terminal, env }: Surroundings, timings: readonly Timing[]): Promise<void> {
  const { renderList } = await import('../output/render.ts');
  const total = timings.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [...timings, { url: 'Total', seconds: total }].map(({ url, seconds }) => [url, seconds]);
  const plain = { format: 'table', column: [], sort_column: [] };
  out(`\n${renderList({ columns: ['URL', 'Seconds'], rows }, optionsOf(plain, { env, terminal }))}`);
}

/** At a terminal only: a script gets the error that the password is missing. */
async function askPassword({ err }: Surroundings): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  err('Password: ');
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    err('\n');
  }
}
