/** Carries out a command line that was understood. What only some commands need is loaded when they run. */
import type { Send } from '@octavia/client';
import type { Shell } from '../completion.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Values } from '../parser/parse.ts';
import type { Surroundings } from '../surroundings.ts';
import { optionsOf } from '../table/output.ts';
import type { Understood } from '../understand.ts';
import { act } from './act.ts';
import { cloudServices } from './cloud.ts';
import type { Context } from './context.ts';
import { explain } from './explain.ts';
import { named } from './faults.ts';
import type { Timing } from './wire.ts';

/**
 * @param open makes the services of the cloud that the options mean
 * @returns the exit code
 */
export async function carryOut(
  understood: Understood,
  surroundings: Surroundings,
  open: typeof cloudServices = cloudServices,
): Promise<number> {
  const { globals } = understood;
  const timings: Timing[] = [];
  try {
    const around = await layers(surroundings, globals, timings);
    const services = open(surroundings, globals, around, () => askPassword(surroundings));
    await perform(understood, { ...surroundings, globals, services });
    if (globals.timing === true) await showTimings(surroundings, timings);
    return EXIT.done;
  } catch (error) {
    if (surroundings.signal?.aborted) return EXIT.interrupted;
    surroundings.err(`${explain(error, globals.debug === true)}\n`);
    return error instanceof CommandFailure ? error.exitCode : EXIT.failed;
  }
}

async function perform({ command, values }: Understood, context: Context): Promise<void> {
  if (command.does.verb === 'own') {
    context.out(await own(command.does.name, values, context));
    return;
  }
  const result = await act(command, values, context);
  if (result === null) return;
  if ('text' in result) {
    context.out(result.text);
    return;
  }
  const { renderList, renderOne } = await import('../output/render.ts');
  const options = optionsOf(values, context);
  context.out('list' in result ? renderList(result.list, options) : renderOne(result.one, options));
}

/** @returns what is printed */
async function own(name: string, values: Values, context: Context): Promise<string> {
  if (name === 'tree') return (await import('./tree.ts')).tree(values, context);
  const { completionScript } = await import('../completion.ts');
  return completionScript(values.shell as Shell);
}

/** What every exchange goes through, the innermost first. */
async function layers(surroundings: Surroundings, globals: Values, timings: Timing[]): Promise<(send: Send) => Send> {
  const isLoud = globals.debug === true || Number(globals.verbose_level) >= 3;
  const file = typeof globals.log_file === 'string' ? globals.log_file : null;
  if (!isLoud && file === null && globals.timing !== true) return named;
  const { logged, timed } = await import('./wire.ts');
  const { appendFileSync } = await import('node:fs');
  const say = (line: string): void => {
    if (isLoud) surroundings.err(`${line}\n`);
    if (file !== null) appendFileSync(file, `${new Date().toISOString()} ${line}\n`);
  };
  return (send) => named(timed(timings)(isLoud || file !== null ? logged(say)(send) : send));
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
