/** Debian's openstack command line as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The system's Python and its packages, whatever is first in PATH. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
export const OCTAVIA = join(import.meta.dirname, '../../../packages/controller/bin/octavia.ts');

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export class OpenStack {
  readonly #endpoint: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** @param home folder for what the client keeps */
  constructor(endpoint: string, home: string) {
    this.#endpoint = endpoint;
    const env = {
      PATH: SYSTEM_PATH,
      LC_ALL: 'C.UTF-8',
      HOME: home,
      no_proxy: '127.0.0.1',
    };
    this.#child = spawn('/usr/bin/python3', ['-W', 'ignore', join(import.meta.dirname, 'runner.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** `openstack …` to its end. */
  async run(words: string[]): Promise<Ended> {
    const connection = ['--os-auth-type', 'none', '--os-endpoint', this.#endpoint];
    this.#child.stdin!.write(`${JSON.stringify([...connection, ...words])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The openstack client ended unexpectedly.');
    return JSON.parse(value) as Ended;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
