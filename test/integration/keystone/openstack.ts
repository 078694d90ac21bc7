/** Debian's openstack command line, as people of this Keystone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PEOPLE, type Person } from './people.ts';
import { KEYSTONE, PASSWORD } from './servers.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

const RUNNER = join(import.meta.dirname, '../clients/runner.py');

const identity = (who: Person): string[] => [
  `--os-auth-url=${KEYSTONE}`,
  '--os-identity-api-version=3',
  '--os-region-name=RegionOne',
  `--os-username=${who}`,
  `--os-password=${PASSWORD}`,
  `--os-project-name=${who === 'admin' ? 'admin' : PEOPLE[who].project}`,
  '--os-user-domain-name=Default',
  '--os-project-domain-name=Default',
];

/** One process for all commands of a person: starting the client anew takes longer than anything it does. */
export class OpenStack {
  readonly #who: Person;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(who: Person) {
    this.#who = who;
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/nonexistent' };
    this.#child = spawn('/usr/bin/python3', ['-W', 'ignore', RUNNER], { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** `openstack …` to its end. */
  async run(words: string[]): Promise<Ended> {
    this.#child.stdin!.write(`${JSON.stringify([...identity(this.#who), ...words])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The openstack client ended unexpectedly.');
    return JSON.parse(value) as Ended;
  }
}
