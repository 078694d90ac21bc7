/** The openstack command line of Debian, its parser and its formatters, as one child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SYSTEM_PATH } from '../clients/openstack.ts';

export interface PythonAnswer {
  code: number;
  stdout: string;
  stderr: string;
  /** Of requests that parse: what they were parsed to; null when nothing was. */
  values?: Record<string, unknown> | null;
  rest?: string[];
}

export class Python {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** @param home folder for what the client keeps */
  constructor(home: string) {
    const env = { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8', HOME: home, no_proxy: '127.0.0.1' };
    this.#child = spawn('/usr/bin/python3', ['-W', 'ignore', join(import.meta.dirname, 'runner.py')], {
      // Options may name files.
      cwd: home,
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** One request; they are answered one after another. */
  async ask(request: object): Promise<PythonAnswer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The openstack client ended unexpectedly.');
    return JSON.parse(value) as PythonAnswer;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
