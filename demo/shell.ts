import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a command and gives its standard output. @throws Error with its standard error */
export async function command(...words: string[]): Promise<string> {
  const [file = '', ...args] = words;
  const { stdout } = await run(file, args, { encoding: 'utf8' });
  return stdout;
}

/** Runs a command in the network namespace of a process. */
export function inNamespaceOf(pid: number, ...words: string[]): Promise<string> {
  return command('nsenter', `--net=/proc/${pid}/ns/net`, ...words);
}
