/**
 * One HAProxy master process in the traffic namespace: start, adopt, reload, stop. It outlives the agent (own session,
 * output to a file), so everything the agent must know of it is found again through the pid file and /proc.
 */
import { spawn } from 'node:child_process';
import { open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { delay } from '../system/delay.ts';
import { isProcessOf, readPidFile } from '../system/process-identity.ts';
import type { LoadBalancerPaths } from './paths.ts';
import { currentWorkers } from './socket.ts';

export class HaproxyError extends Error {
  constructor(details: string) {
    super(details);
    this.name = 'HaproxyError';
  }
}

/** Loading 2,000 members with certificates takes seconds on a small machine; a master that is silent longer is stuck. */
const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 25;
const SIGNAL_REPEAT_MS = 500;
/** A master between two configurations may accept a question and never answer it; the next poll asks again. */
const ASK_LIMIT_MS = 500;
const MAX_OUTPUT_BYTES = 256 * 1024;

export interface HaproxyProcessOptions {
  haproxyCmd: string;
  namespace: string;
  /** The amphora's own name in a section `peers`; HAProxy ignores the section when none is its own. */
  peerName: string;
  /** Called when a HAProxy that this agent has started ends. */
  onExit: () => void;
}

export class HaproxyProcess {
  readonly #paths: LoadBalancerPaths;
  readonly #haproxy: string;
  readonly #namespace: string;
  readonly #peerName: string;
  readonly #onExit: () => void;
  #pid: number | null = null;
  /** Workers that served when last asked. */
  #workers: number[] = [];

  constructor(paths: LoadBalancerPaths, options: HaproxyProcessOptions) {
    this.#paths = paths;
    this.#haproxy = options.haproxyCmd;
    this.#namespace = options.namespace;
    this.#peerName = options.peerName;
    this.#onExit = options.onExit;
  }

  /** The master's pid, or null when it is not alive. Adopts one that an earlier agent started. */
  async pid(): Promise<number | null> {
    if (this.#pid !== null && (await this.#isOurs(this.#pid))) return this.#pid;
    this.#pid = await readPidFile(this.#paths.pid, this.#paths.running);
    return this.#pid;
  }

  /** Starts HAProxy with the running configuration and waits until a worker serves. @throws HaproxyError */
  async start(): Promise<void> {
    await rm(this.#paths.pid, { force: true });
    const output = await open(this.#paths.output, 'a', 0o600);
    await output.truncate();
    const { running, pid, masterSocket } = this.#paths;
    const master = ['-p', pid, '-S', `${masterSocket},mode,600,level,admin`];
    const haproxy = [this.#haproxy, '-W', '-f', running, ...master, '-L', this.#peerName];
    const child = spawn('ip', ['netns', 'exec', this.#namespace, ...haproxy], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    let ended: string | null = null;
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended = `haproxy ended with ${signal ?? `code ${code}`}`;
      this.#onExit();
    });
    child.unref();
    await output.close();
    await this.#waitFor([], async () => ended);
    this.#pid = child.pid ?? null;
  }

  /** Reloads the running configuration and waits until a new worker serves; the old one finishes. @throws HaproxyError */
  async reload(): Promise<void> {
    const pid = await this.pid();
    if (pid === null) throw new HaproxyError('haproxy is not running');
    // After a failed reload the master does not answer; the workers are those of before.
    const before = await currentWorkers(this.#paths.masterSocket, ASK_LIMIT_MS).catch(() => this.#workers);
    this.#workers = before;
    await truncate(this.#paths.output).catch(() => {});
    let signals = 0;
    const began = Date.now();
    await this.#waitFor(before, async () => {
      if (!(await this.#isOurs(pid))) return 'haproxy ended during the reload';
      const output = await this.#output();
      // A master that is just giving up a failed reload loses the signal; it says so when it takes one.
      if (signals < 4 && Date.now() - began >= signals * SIGNAL_REPEAT_MS && !output.includes('Reloading')) {
        process.kill(pid, 'SIGUSR2');
        signals += 1;
      }
      return output.includes('Loading failure') ? 'haproxy keeps the old configuration' : null;
    });
  }

  /** Ends master and workers at once. Fine when nothing runs. */
  async stop(): Promise<void> {
    const pid = await this.pid();
    if (pid !== null) {
      const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGKILL'];
      for (const signal of signals) {
        // Its own session makes the master a group leader: SIGKILL to the group takes the workers along.
        if (await this.#isOurs(pid)) process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
        if (await this.#gone(pid)) break;
      }
    }
    this.#pid = null;
    for (const path of [this.#paths.pid, this.#paths.statsSocket, this.#paths.masterSocket]) {
      await rm(path, { force: true });
    }
  }

  /** Keeps the file that takes HAProxy's messages small. */
  async boundOutput(): Promise<void> {
    const size = await stat(this.#paths.output).then(
      (info) => info.size,
      () => 0,
    );
    if (size > MAX_OUTPUT_BYTES) await truncate(this.#paths.output);
  }

  async #waitFor(oldWorkers: number[], failure: () => Promise<string | null>): Promise<void> {
    const deadline = Date.now() + READY_LIMIT_MS;
    while (Date.now() < deadline) {
      const reason = await failure();
      if (reason !== null) throw new HaproxyError(await this.#explain(reason));
      const workers = await currentWorkers(this.#paths.masterSocket, ASK_LIMIT_MS).catch(() => []);
      if (workers.some((worker) => !oldWorkers.includes(worker))) {
        this.#workers = workers;
        return;
      }
      await delay(POLL_MS);
    }
    throw new HaproxyError(await this.#explain(`haproxy does not serve after ${READY_LIMIT_MS / 1000} s`));
  }

  async #gone(pid: number): Promise<boolean> {
    for (let waited = 0; waited < STOP_LIMIT_MS; waited += POLL_MS) {
      if (!(await this.#isOurs(pid))) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  async #output(): Promise<string> {
    return readFile(this.#paths.output, 'utf8').catch(() => '');
  }

  async #explain(reason: string): Promise<string> {
    const words = (await this.#output()).trim().slice(-4_000);
    return words === '' ? reason : `${reason}\n${words}`;
  }

  #isOurs(pid: number): Promise<boolean> {
    return isProcessOf(pid, this.#paths.running);
  }
}
