/** Tests of a Python package of Debian's, by id, in as many processes as are asked for. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const RUNNER = join(import.meta.dirname, 'runner.py');
const PYTHON = ['/usr/bin/python3', '-B', '-W', 'ignore'] as const;

export interface Outcome {
  id: string;
  outcome: 'pass' | 'fail' | 'skip';
  /** Why not; empty when it passed. */
  reason: string;
}

export interface PythonTests {
  /** All tests of the modules in this package. */
  package: string;
  /** Of the process with this number, from 0. */
  env(process: number): Record<string, string>;
  /** What the tests themselves say. */
  log: string;
}

function variables(own: Record<string, string>): Record<string, string> {
  return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/nonexistent', ...own };
}

export function listTests({ package: name, env }: PythonTests): string[] {
  const [file, ...flags] = PYTHON;
  const text = execFileSync(file, [...flags, RUNNER, name], {
    encoding: 'utf8',
    env: variables(env(0)),
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as string);
}

const classOf = (id: string): string => id.slice(0, id.lastIndexOf('.'));

/**
 * The tests of a class share what it sets up; a large class is dealt out in several hands, so that all processes are busy to the
 * end. Largest first.
 */
export function dealt(ids: readonly string[], most: number): string[][] {
  const hands = [...Map.groupBy(ids, classOf).values()].flatMap((own) => {
    const parts = Math.ceil(own.length / most);
    return Array.from({ length: parts }, (_, part) => own.filter((_id, index) => index % parts === part));
  });
  return hands.sort((one, other) => other.length - one.length);
}

class Worker {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor({ env, log }: PythonTests, number: number) {
    const [file, ...flags] = PYTHON;
    this.#child = spawn(file, [...flags, RUNNER], {
      stdio: ['pipe', 'pipe', openSync(log, 'a')],
      env: variables(env(number)),
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async run(ids: readonly string[], tell: (outcome: Outcome) => void): Promise<void> {
    this.#child.stdin!.write(`${JSON.stringify(ids)}\n`);
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) throw new Error('The process that runs the tests ended unexpectedly.');
      const answer = JSON.parse(value) as Outcome | Record<string, never>;
      if (answer.id === undefined) return;
      tell(answer as Outcome);
    }
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

/** @param tell hears of every test, in whatever order they end */
export async function runTests(
  tests: PythonTests,
  hands: readonly string[][],
  processes: number,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const left = [...hands];
  await Promise.all(
    Array.from({ length: Math.min(processes, hands.length) }, async (_, number) => {
      const worker = new Worker(tests, number);
      for (let ids = left.shift(); ids !== undefined; ids = left.shift()) await worker.run(ids, tell);
      worker.end();
    }),
  );
}
