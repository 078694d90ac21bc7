/** One keepalived in the traffic namespace, with one of its parts: VRRP, or what balances UDP and SCTP and checks members. */
import { rm } from 'node:fs/promises';
import { Daemon, type DaemonFiles } from '../system/daemon.ts';
import { readPidFile } from '../system/process-identity.ts';

export class KeepalivedError extends Error {
  constructor(details: string) {
    super(details);
    this.name = 'KeepalivedError';
  }
}

export interface KeepalivedFiles extends DaemonFiles {
  /** Pid of the child that does the work. */
  childPid: string;
}

/** The option that chooses the part, and the one that names its pid file. */
export const KEEPALIVED_PARTS = { vrrp: ['--vrrp', '--vrrp_pid'], check: ['--check', '--checkers_pid'] } as const;
export type KeepalivedPart = keyof typeof KEEPALIVED_PARTS;

export interface KeepalivedProcessOptions {
  files: KeepalivedFiles;
  part: KeepalivedPart;
  keepalivedCmd: string;
  namespace: string;
  /** Called when a keepalived that this agent has started ends. */
  onExit: () => void;
}

const READY_LIMIT_MS = 10_000;
/** Releases before 2.2 do not say when they are ready: one that has lived so long is. */
const SILENT_READY_MS = 2_000;

export class KeepalivedProcess {
  readonly #options: KeepalivedProcessOptions;
  readonly #files: KeepalivedFiles;
  readonly #daemon: Daemon;

  constructor(options: KeepalivedProcessOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#daemon = new Daemon({
      name: 'keepalived',
      namespace: options.namespace,
      files: options.files,
      readyLimitMs: READY_LIMIT_MS,
      late: 'keepalived is not ready',
      onExit: options.onExit,
      failure: (details) => new KeepalivedError(details),
    });
  }

  /** The parent's pid, or null when it is not alive. Adopts one that an earlier agent started. */
  pid(): Promise<number | null> {
    return this.#daemon.pid();
  }

  /** Starts keepalived with the running configuration and waits until it takes part. @throws KeepalivedError */
  async start(): Promise<void> {
    await this.#endOrphan();
    // keepalived takes any file that names a living pid for another keepalived.
    await rm(this.#files.childPid, { force: true });
    const { running, pid, childPid } = this.#files;
    const [part, childPidOption] = KEEPALIVED_PARTS[this.#options.part];
    const how = ['--dont-fork', '--log-console', part, '--use-file', running];
    const files = ['--pid', pid, childPidOption, childPid];
    await this.#daemon.start([this.#options.keepalivedCmd, ...how, ...files], this.#hasSaid(/Startup complete/));
  }

  /** Takes over the running configuration; who holds the VIPs stays, and so do flows. @throws KeepalivedError */
  async reload(): Promise<void> {
    const pid = await this.pid();
    if (pid === null) throw new KeepalivedError('keepalived is not running');
    await this.#daemon.forgetOutput();
    process.kill(pid, 'SIGHUP');
    await this.#daemon.waitFor(this.#hasSaid(/Reload(ing)? (finished|complete)/i), async () =>
      (await this.#daemon.owns(pid)) ? null : 'keepalived ended during the reload',
    );
  }

  /** Gives up what it holds and ends. Fine when nothing runs. */
  async stop(): Promise<void> {
    await this.#daemon.stop();
    await this.#endOrphan();
  }

  /** Keeps the file that takes keepalived's messages small. */
  boundOutput(): Promise<void> {
    return this.#daemon.boundOutput();
  }

  /** A child whose parent was killed would hold the VIPs beside the new one. */
  async #endOrphan(): Promise<void> {
    const orphan = await readPidFile(this.#files.childPid, this.#files.running);
    if (orphan === null) return;
    await this.#daemon.end(orphan, orphan);
    await rm(this.#files.childPid, { force: true });
  }

  #hasSaid(words: RegExp): () => Promise<boolean> {
    const began = Date.now();
    return async () => words.test(await this.#daemon.output()) || Date.now() - began > SILENT_READY_MS;
  }
}
