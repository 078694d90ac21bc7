/** One HAProxy master process in the traffic namespace: start, adopt, reload, stop. */
import { rm } from 'node:fs/promises';
import { Daemon } from '../system/daemon.ts';
import { isStopped } from '../system/process-identity.ts';
import type { LoadBalancerPaths } from './paths.ts';
import { currentWorkers } from './socket.ts';

export class HaproxyError extends Error {
  constructor(details: string) {
    super(details);
    this.name = 'HaproxyError';
  }
}

/** The master took no notice of a reload: what served before serves on, with what it had. */
export class MasterSilentError extends HaproxyError {
  constructor(details: string) {
    super(details);
    this.name = 'MasterSilentError';
  }
}

/**
 * Loading 2,000 members with certificates takes seconds on a small machine; a master that is silent longer is stuck. With
 * what it takes to go back to the configuration before, an answer is there within the 40 s that a controller waits for one.
 */
const READY_LIMIT_MS = 25_000;
/** A master that is well says within milliseconds that it reloads. A controller in a failover waits 10 s. */
const TAKE_LIMIT_MS = 8_000;
const SIGNAL_REPEAT_MS = 500;
/** A master between two configurations may accept a question and never answer it; the next poll asks again. */
const ASK_LIMIT_MS = 500;

const notTaken = (pid: number): string =>
  `haproxy did not take over the configuration within ${TAKE_LIMIT_MS / 1_000} s: its master process ${pid} does not react; traffic is served as before`;

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
  readonly #options: HaproxyProcessOptions;
  readonly #daemon: Daemon;
  /** Workers that served when last asked. */
  #workers: number[] = [];

  constructor(paths: LoadBalancerPaths, options: HaproxyProcessOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#daemon = new Daemon({
      name: 'haproxy',
      namespace: options.namespace,
      files: paths,
      readyLimitMs: READY_LIMIT_MS,
      late: 'haproxy does not serve',
      onExit: options.onExit,
      failure: (details) => new HaproxyError(details),
    });
  }

  /** The master's pid, or null when it is not alive. Adopts one that an earlier agent started. */
  pid(): Promise<number | null> {
    return this.#daemon.pid();
  }

  /** Those that served when last asked: after a start or reload, the new ones. */
  get workers(): readonly number[] {
    return this.#workers;
  }

  /** Starts HAProxy with the running configuration and waits until a worker serves. @throws HaproxyError */
  async start(): Promise<void> {
    const { running, pid, masterSocket } = this.#paths;
    const master = ['-p', pid, '-S', `${masterSocket},mode,600,level,admin`];
    const { haproxyCmd, peerName } = this.#options;
    // In the foreground, whatever the configuration says: those of OpenStack say `daemon`.
    const mode = ['-W', '-db'];
    await this.#daemon.start([haproxyCmd, ...mode, '-f', running, ...master, '-L', peerName], this.#hasOther([]));
  }

  /**
   * Reloads the running configuration and waits until a new worker serves; the old one finishes.
   *
   * @throws MasterSilentError when nothing has changed
   * @throws HaproxyError
   */
  async reload(): Promise<void> {
    const pid = await this.pid();
    if (pid === null) throw new HaproxyError('haproxy is not running');
    // After a failed reload the master does not answer; the workers are those of before.
    const before = await currentWorkers(this.#paths.masterSocket, ASK_LIMIT_MS).catch(() => this.#workers);
    this.#workers = before;
    await this.#daemon.forgetOutput();
    let signals = 0;
    const began = Date.now();
    await this.#daemon.waitFor(this.#hasOther(before), async () => {
      if (!(await this.#daemon.owns(pid))) return 'haproxy ended during the reload';
      const output = await this.#daemon.output();
      const waited = Date.now() - began;
      const taken = output.includes('Reloading');
      if (!taken && waited >= TAKE_LIMIT_MS) throw new MasterSilentError(notTaken(pid));
      // A master that is just giving up a failed reload loses the signal; it says so when it takes one. A stopped one would
      // keep it, and reload when nobody expects it any more.
      if (!taken && signals < 4 && waited >= signals * SIGNAL_REPEAT_MS && !(await isStopped(pid))) {
        process.kill(pid, 'SIGUSR2');
        signals += 1;
      }
      return output.includes('Loading failure') ? 'haproxy keeps the old configuration' : null;
    });
  }

  /** Ends master and workers at once. Fine when nothing runs. */
  async stop(): Promise<void> {
    await this.#daemon.stop();
    for (const path of [this.#paths.statsSocket, this.#paths.masterSocket]) await rm(path, { force: true });
  }

  /** Keeps the file that takes HAProxy's messages small. */
  boundOutput(): Promise<void> {
    return this.#daemon.boundOutput();
  }

  /** Whether a worker serves that is none of these. */
  #hasOther(before: number[]): () => Promise<boolean> {
    return async () => {
      const workers = await currentWorkers(this.#paths.masterSocket, ASK_LIMIT_MS).catch(() => []);
      if (!workers.some((worker) => !before.includes(worker))) return false;
      this.#workers = workers;
      return true;
    };
  }
}
