/** Debian's openstack command line as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

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
    // The system's Python and its packages, whatever is first in PATH.
    const env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
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

  /** `openstack loadbalancer …` to its end. */
  async run(words: string[]): Promise<Ended> {
    const connection = ['--os-auth-type', 'none', '--os-endpoint', this.#endpoint];
    this.#child.stdin!.write(`${JSON.stringify([...connection, 'loadbalancer', ...words])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The openstack client ended unexpectedly.');
    return JSON.parse(value) as Ended;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
