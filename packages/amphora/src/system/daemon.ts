/**
 * A program in the traffic namespace that outlives the agent: own session, output to a file. Everything the agent must know
 * of it is found again through the pid file and /proc.
 */
import { spawn } from 'node:child_process';
import { open, rm, truncate } from 'node:fs/promises';
import { messageOf } from '../log.ts';
import { readIfPresent, sizeIfPresent } from '../state/optional-file.ts';
import { delay } from './delay.ts';
import { isProcessOf, readPidFile } from './process-identity.ts';

export interface DaemonFiles {
  /** Its configuration: the word of the command line by which a process is known as this one. */
  running: string;
  /** Written by the program. */
  pid: string;
  /** Takes what it prints. */
  output: string;
}

export interface DaemonOptions {
  /** In messages. */
  name: string;
  namespace: string;
  files: DaemonFiles;
  /** Milliseconds from a start or reload until it must serve. */
  readyLimitMs: number;
  /** What one that takes longer is called: `haproxy does not serve after 30 s`. */
  late: string;
  /** Called when one that this agent has started ends. */
  onExit: () => void;
  /** Makes the error that a failed start or reload throws. */
  failure: (details: string) => Error;
}

const STOP_LIMIT_MS = 5_000;
const POLL_MS = 25;
const MAX_OUTPUT_BYTES = 256 * 1024;

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #files: DaemonFiles;
  #pid: number | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#files = options.files;
  }

  /** Null when it is not alive. Adopts one that an earlier agent started. */
  async pid(): Promise<number | null> {
    if (this.#pid !== null && (await this.owns(this.#pid))) return this.#pid;
    this.#pid = await readPidFile(this.#files.pid, this.#files.running);
    return this.#pid;
  }

  /** Resolves as soon as `ready` says so. @throws what `failure` makes */
  async start(command: string[], ready: () => Promise<boolean>): Promise<void> {
    await rm(this.#files.pid, { force: true });
    const output = await open(this.#files.output, 'a', 0o600);
    await output.truncate();
    const child = spawn('ip', ['netns', 'exec', this.#options.namespace, ...command], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    let ended: string | null = null;
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended = `${this.#options.name} ended with ${signal ?? `code ${code}`}`;
      this.#options.onExit();
    });
    child.unref();
    await output.close();
    await this.waitFor(ready, async () => ended);
    this.#pid = child.pid ?? null;
  }

  /** @param broken says why waiting longer is in vain. @throws what `failure` makes, with the program's last words */
  async waitFor(ready: () => Promise<boolean>, broken: () => Promise<string | null>): Promise<void> {
    const { readyLimitMs, late, failure } = this.#options;
    const deadline = Date.now() + readyLimitMs;
    while (Date.now() < deadline) {
      const reason = await broken();
      if (reason !== null) throw failure(await this.#explain(reason));
      if (await ready()) return;
      await delay(POLL_MS);
    }
    throw failure(await this.#explain(`${late} after ${readyLimitMs / 1_000} s`));
  }

  /** SIGTERM; SIGKILL to the whole group when that is not enough. Fine when nothing runs. */
  async stop(): Promise<void> {
    const pid = await this.pid();
    // Its own session makes the parent a group leader: SIGKILL to the group takes the children along.
    if (pid !== null) await this.end(pid, -pid);
    this.#pid = null;
    await rm(this.#files.pid, { force: true });
  }

  /** @param last who gets SIGKILL; a negative number is a group */
  async end(pid: number, last: number): Promise<void> {
    for (const [target, signal] of [[pid, 'SIGTERM'] as const, [last, 'SIGKILL'] as const]) {
      if (await this.owns(pid)) process.kill(target, signal);
      if (await this.#gone(pid)) return;
    }
  }

  /** The pid is alive and runs this configuration. */
  owns(pid: number): Promise<boolean> {
    return isProcessOf(pid, this.#files.running);
  }

  async output(): Promise<string> {
    return (await readIfPresent(this.#files.output))?.toString('utf8') ?? '';
  }

  async forgetOutput(): Promise<void> {
    if ((await sizeIfPresent(this.#files.output)) > 0) await truncate(this.#files.output);
  }

  /** Keeps the file that takes its messages small. */
  async boundOutput(): Promise<void> {
    if ((await sizeIfPresent(this.#files.output)) > MAX_OUTPUT_BYTES) await truncate(this.#files.output);
  }

  async #gone(pid: number): Promise<boolean> {
    for (let waited = 0; waited < STOP_LIMIT_MS; waited += POLL_MS) {
      if (!(await this.owns(pid))) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  async #explain(reason: string): Promise<string> {
    const words = (await this.output().catch(messageOf)).trim().slice(-4_000);
    return words === '' ? reason : `${reason}\n${words}`;
  }
}
