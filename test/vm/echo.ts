/** Members that answer with their name, and clients that ask who is there: `echo.pl`, which speaks UDP and SCTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const ECHO = join(import.meta.dirname, 'echo.pl');
export type Kind = 'udp' | 'sctp';

export class EchoMember {
  readonly #words: string[];
  #process: ChildProcess | null = null;

  /** @param enter words before the command, such as those that enter a namespace */
  constructor(kind: Kind, name: string, address: string, port: number, enter: string[] = []) {
    this.#words = [...enter, 'perl', ECHO, 'serve', kind, name, address, String(port)];
  }

  async start(): Promise<void> {
    const [command = '', ...args] = this.#words;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    await once(child.stdout, 'data');
  }

  /** From now on its host answers that nobody listens. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** How often each name is in the list. */
export function count(names: string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const name of names) sums[name] = (sums[name] ?? 0) + 1;
  return sums;
}
