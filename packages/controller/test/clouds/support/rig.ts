/** A network namespace, state directories in it and controllers that can be killed. Cleans up everything it made. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { endChild } from '../../../../../test/kit/children.ts';
import { findAllSandboxes } from '../../../src/clouds/compute/local/sandbox.ts';
import { readInstance } from '../../../src/clouds/local-host/instance.ts';
import { killProcesses, type ProcessIdentity } from '../../../src/clouds/local-host/process.ts';

const NODE = join(import.meta.dirname, '../../../../../node_modules/.bin/node');
const STAND_IN_AGENT = join(import.meta.dirname, 'stand-in-agent.cjs');

export interface Answer<T> {
  value: T;
  ms: number;
}

/** One controller process. */
export class Controller {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(netns: string, stateDir: string, url: string, agentBundle = STAND_IN_AGENT) {
    const script = join(import.meta.dirname, 'rig-child.ts');
    const args = ['netns', 'exec', netns, NODE, script, stateDir, netns, url, agentBundle];
    this.#child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<this> {
    await this.#lines.next();
    return this;
  }

  /** Sends a command without waiting for its answer. */
  send(method: string, ...args: unknown[]): void {
    this.#child.stdin.write(`${JSON.stringify({ method, args })}\n`);
  }

  async time<T>(method: string, ...args: unknown[]): Promise<Answer<T>> {
    this.send(method, ...args);
    const { value: line, done } = await this.#lines.next();
    if (done) throw new Error('the controller ended');
    const answer = JSON.parse(line) as Answer<T> & { error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async call<T>(method: string, ...args: unknown[]): Promise<T> {
    return (await this.time<T>(method, ...args)).value;
  }

  /** As a crash does it: no chance to tidy up. */
  async kill(): Promise<void> {
    await endChild(this.#child);
  }
}

export class Rig {
  readonly netns = `octtest-${randomBytes(4).toString('hex')}`;
  readonly #url: string;
  readonly #stateDirs: string[] = [];
  readonly #controllers: Controller[] = [];

  constructor(url: string) {
    this.#url = url;
    execFileSync('ip', ['netns', 'add', this.netns]);
  }

  newStateDir(): string {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'octavia-rig-')));
    this.#stateDirs.push(directory);
    return directory;
  }

  async controller(stateDir: string, agentBundle?: string): Promise<Controller> {
    const controller = new Controller(this.netns, stateDir, this.#url, agentBundle);
    this.#controllers.push(controller);
    return controller.ready();
  }

  /** Runs a tool in the namespace and returns its output. */
  run(...command: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.netns, ...command], { encoding: 'utf8', stdio: 'pipe' });
  }

  linkNames(): string[] {
    const links = JSON.parse(this.run('ip', '-j', 'link', 'show')) as { ifname: string }[];
    return links.map((link) => link.ifname).sort();
  }

  /** Processes of the sandboxes of a state directory, as the product finds them. */
  async sandboxes(stateDir: string): Promise<ProcessIdentity[]> {
    const instance = await readInstance(stateDir);
    return instance ? findAllSandboxes(instance) : [];
  }

  /** Every process that has the text in its command line, found without the product's help. */
  processesWith(text: string): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && existsSync(`/proc/${entry}/exe`))
      .filter((entry) => {
        try {
          return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  async close(): Promise<void> {
    for (const controller of this.#controllers) await controller.kill();
    for (const stateDir of this.#stateDirs) {
      await killProcesses(await this.sandboxes(stateDir));
      rmSync(stateDir, { recursive: true, force: true });
    }
    execFileSync('ip', ['netns', 'delete', this.netns]);
  }
}
