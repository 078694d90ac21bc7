/** The program: this process as the surroundings of one command line. */
import { writeSync } from 'node:fs';
import { EXIT } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import { understand } from './understand.ts';

const NAME = 'octavia';

/** For what reads slower than we write. */
const PATIENCE_MS = 5;

/** Standard output as a stream costs 8 ms of processor time at start; help is here in 15. */
function write(descriptor: 1 | 2, text: string): void {
  let data: Uint8Array = new TextEncoder().encode(text);
  while (data.length > 0) {
    try {
      data = data.subarray(writeSync(descriptor, data));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody reads any more: `octavia … | head`.
      if (code === 'EPIPE') process.exit(EXIT.brokenPipe);
      // A full disk, perhaps; of standard error nothing can be said any more.
      if (code !== 'EAGAIN') {
        if (descriptor === 1) write(2, `The output cannot be written: ${(error as Error).message}\n`);
        process.exit(EXIT.failed);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
    }
  }
}

/** What takes time to find out is found out when it is asked for. */
const surroundings: Surroundings = {
  name: NAME,
  env: process.env,
  out: (text) => write(1, text),
  err: (text) => write(2, text),
  terminal: () => (process.stdout.isTTY ? process.stdout.columns : null),
  rows: () => (process.stdout.isTTY ? process.stdout.rows : null),
  errIsTerminal: () => process.stderr.isTTY === true,
  errColumns: () => (process.stderr.isTTY ? process.stderr.columns : null),
};

/** The first Ctrl-C asks the command to end, the next one ends it. */
function interruptible(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort(new Error('Interrupted.'));
    process.once('SIGINT', () => process.exit(EXIT.interrupted));
  });
  return interrupt.signal;
}

/** @param words of the command line, without the program */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (words[0] === '__complete') {
    const { completeNames } = await import('./run/run.ts');
    await completeNames(words.slice(1), surroundings);
    return;
  }
  const understood = await understand(words, surroundings);
  if (typeof understood === 'number') {
    process.exitCode = understood;
    return;
  }
  if (understood.command.does.verb === 'operator') {
    if (understood.globals.curl === true) {
      surroundings.err(
        `"${NAME} ${understood.command.words}" works without the API: there is no request for --curl to show.\n`,
      );
      process.exitCode = EXIT.usage;
      return;
    }
    const { runOperator } = await import('./run/operator.ts');
    process.exitCode = await runOperator(understood, surroundings);
    return;
  }
  const { carryOut } = await import('./run/run.ts');
  process.exitCode = await carryOut(understood, { ...surroundings, signal: interruptible() });
}
