/** Debian's openstack command line, as somebody of the cloud. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const RUNNER = join(import.meta.dirname, '../clients/runner.py');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Login {
  username: string;
  password: string;
  project: string;
}

/** One process for all commands of a person: starting the client anew takes seconds. */
export class CommandLine {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor({ username, password, project }: Login) {
    const { OS_AUTH_URL = '', OS_REGION_NAME = 'RegionOne', PATH = '' } = process.env;
    const env = {
      ...{ PATH, LC_ALL: 'C.UTF-8', HOME: '/nonexistent', OS_AUTH_URL, OS_REGION_NAME },
      OS_IDENTITY_API_VERSION: '3',
      OS_USERNAME: username,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: project,
      OS_USER_DOMAIN_NAME: process.env.OS_USER_DOMAIN_NAME ?? 'Default',
      OS_PROJECT_DOMAIN_NAME: process.env.OS_PROJECT_DOMAIN_NAME ?? 'Default',
    };
    this.#child = spawn('/usr/bin/python3', ['-W', 'ignore', RUNNER], { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** `openstack …` to its end; words are split at spaces. */
  async try(command: string, ...more: string[]): Promise<Ended> {
    this.#child.stdin!.write(`${JSON.stringify([...command.split(' '), ...more])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The openstack client ended unexpectedly.');
    return JSON.parse(value) as Ended;
  }

  /** @throws Error with what it said where it fails */
  async run(command: string, ...more: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(command, ...more);
    if (code !== 0) throw new Error(`openstack ${[command, ...more].join(' ')}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  /** The answer as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of the command line are probed freely in tests
  async json(command: string, ...more: string[]): Promise<any> {
    return JSON.parse(await this.run(command, ...more, '-f', 'json'));
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
