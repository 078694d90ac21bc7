/**
 * keepalived's VRRP in the traffic namespace: start, adopt, reload, stop. Like HAProxy it outlives the agent, which finds
 * it again through the pid file and /proc.
 */
import { spawn } from 'node:child_process';
import { open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { delay } from '../system/delay.ts';
import { isProcessOf, readPidFile } from '../system/process-identity.ts';
import type { KeepalivedPaths } from './paths.ts';

export class KeepalivedError extends Error {
  constructor(details: string) {
    super(details);
    this.name = 'KeepalivedError';
  }
}

const READY_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 25;
/** Releases before 2.2 do not say when they are ready: one that has lived so long is. */
const SILENT_READY_MS = 2_000;
const MAX_OUTPUT_BYTES = 256 * 1024;

export class KeepalivedProcess {
  readonly #paths: KeepalivedPaths;
  readonly #command: string;
  readonly #namespace: string;
  readonly #onExit: () => void;
  #pid: number | null = null;

  /** @param onExit called when a keepalived that this agent has started ends */
  constructor(paths: KeepalivedPaths, command: string, namespace: string, onExit: () => void) {
    this.#paths = paths;
    this.#command = command;
    this.#namespace = namespace;
    this.#onExit = onExit;
  }

  /** The parent's pid, or null when it is not alive. Adopts one that an earlier agent started. */
  async pid(): Promise<number | null> {
    if (this.#pid !== null && (await this.#isOurs(this.#pid))) return this.#pid;
    this.#pid = await readPidFile(this.#paths.pid, this.#paths.running);
    return this.#pid;
  }

  /** Starts keepalived with the running configuration and waits until it takes part. @throws KeepalivedError */
  async start(): Promise<void> {
    await this.#endOrphan();
    // keepalived takes any file that names a living pid for another keepalived.
    for (const path of [this.#paths.pid, this.#paths.vrrpPid]) await rm(path, { force: true });
    const output = await open(this.#paths.output, 'a', 0o600);
    await output.truncate();
    const { running, pid, vrrpPid } = this.#paths;
    const keepalived = [this.#command, '--dont-fork', '--log-console', '--vrrp', '--use-file', running];
    const files = ['--pid', pid, '--vrrp_pid', vrrpPid];
    const child = spawn('ip', ['netns', 'exec', this.#namespace, ...keepalived, ...files], {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    let ended: string | null = null;
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended = `keepalived ended with ${signal ?? `code ${code}`}`;
      this.#onExit();
    });
    child.unref();
    await output.close();
    await this.#waitFor(/Startup complete/, async () => ended);
    this.#pid = child.pid ?? null;
  }

  /** Takes over the running configuration; who holds the VIPs stays. @throws KeepalivedError */
  async reload(): Promise<void> {
    const pid = await this.pid();
    if (pid === null) throw new KeepalivedError('keepalived is not running');
    await truncate(this.#paths.output).catch(() => {});
    process.kill(pid, 'SIGHUP');
    await this.#waitFor(/Reload(ing)? (finished|complete)/i, async () =>
      (await this.#isOurs(pid)) ? null : 'keepalived ended during the reload',
    );
  }

  /** Gives the VIPs up and ends. Fine when nothing runs. */
  async stop(): Promise<void> {
    const pid = await this.pid();
    if (pid !== null) {
      process.kill(pid, 'SIGTERM');
      if (!(await this.#gone(pid, this.#paths.running))) {
        // Its own session makes the parent a group leader: the children go along.
        process.kill(-pid, 'SIGKILL');
        await this.#gone(pid, this.#paths.running);
      }
    }
    this.#pid = null;
    await this.#endOrphan();
    await rm(this.#paths.pid, { force: true });
  }

  /** Keeps the file that takes keepalived's messages small. */
  async boundOutput(): Promise<void> {
    const size = await stat(this.#paths.output).then(
      (info) => info.size,
      () => 0,
    );
    if (size > MAX_OUTPUT_BYTES) await truncate(this.#paths.output);
  }

  /** A child whose parent was killed would hold the VIPs beside the new one. */
  async #endOrphan(): Promise<void> {
    const orphan = await readPidFile(this.#paths.vrrpPid, this.#paths.running);
    if (orphan === null) return;
    process.kill(orphan, 'SIGTERM');
    if (!(await this.#gone(orphan, this.#paths.running))) process.kill(orphan, 'SIGKILL');
    await rm(this.#paths.vrrpPid, { force: true });
  }

  async #waitFor(ready: RegExp, failure: () => Promise<string | null>): Promise<void> {
    const began = Date.now();
    while (Date.now() - began < READY_LIMIT_MS) {
      const reason = await failure();
      if (reason !== null) throw new KeepalivedError(await this.#explain(reason));
      if (ready.test(await this.#output()) || Date.now() - began > SILENT_READY_MS) return;
      await delay(POLL_MS);
    }
    throw new KeepalivedError(await this.#explain(`keepalived is not ready after ${READY_LIMIT_MS / 1000} s`));
  }

  async #gone(pid: number, marker: string): Promise<boolean> {
    for (let waited = 0; waited < STOP_LIMIT_MS; waited += POLL_MS) {
      if (!(await isProcessOf(pid, marker))) return true;
      await delay(POLL_MS);
    }
    return false;
  }

  #output(): Promise<string> {
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
