/** One load balancer on this amphora: its stored configuration, its HAProxy, and the way from one to the other. */
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import type { CertificateStore } from '../certificates/store.ts';
import type { Log } from '../log.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { readIfPresent } from '../state/optional-file.ts';
import type { RunCommand } from '../system/run.ts';
import { CertificateCommands } from './certificate-apply.ts';
import { planCertificates } from './certificate-plan.ts';
import { checkConfiguration } from './check.ts';
import { decode } from './config-text.ts';
import { type LoadBalancerPaths, loadBalancerPaths } from './paths.ts';
import { HaproxyError, HaproxyProcess, type HaproxyProcessOptions, MasterSilentError } from './process.ts';
import { RunningConfiguration, sha256 } from './running-configuration.ts';
import { applyRuntimeChange, type Leftovers } from './runtime-apply.ts';
import { planRuntimeChange } from './runtime-plan.ts';
import { checkResultsOnly, namesServerState } from './server-state.ts';
import { SessionHandover } from './session-handover.ts';
import { withSessionHold } from './session-hold.ts';
import { hasSharedTables, withTablesOfPeers } from './session-tables.ts';
import { askSocket } from './socket.ts';

export interface LoadBalancerOptions extends Omit<HaproxyProcessOptions, 'onExit'> {
  basePath: string;
  certificates: CertificateStore;
  run: RunCommand;
  log: Log;
  /** Gives the program that holds requests back until sessions are known; null: there is none. */
  sessionHold: () => Promise<string | null>;
  /** Called before the counters of a running HAProxy are lost (reload, stop). Must not throw. */
  beforeCountersReset: (loadBalancerId: string) => Promise<void>;
}

/** Thrown when HAProxy's syntax check refuses a configuration; the message is HAProxy's. */
export class InvalidConfigurationError extends Error {
  constructor(alerts: string) {
    super(alerts);
    this.name = 'InvalidConfigurationError';
  }
}

export type Outcome = 'started' | 'changed while running' | 'reloaded' | 'unchanged';

/** What a caller found before it waited for its turn. */
export interface Found {
  /** HAProxy ran with what was stored. */
  upToDate: boolean;
  /** Starts and reloads that had begun. */
  loads: number;
}

export class LoadBalancerService {
  readonly id: string;
  readonly paths: LoadBalancerPaths;
  readonly process: HaproxyProcess;
  readonly #options: LoadBalancerOptions;
  readonly #running: RunningConfiguration;
  readonly #sessions: SessionHandover;
  #changing = false;
  #loads = 0;
  #last: Outcome = 'unchanged';
  /** Of the process that serves now, as far as this agent knows. */
  readonly #leftovers: Leftovers = new Map();

  constructor(id: string, options: LoadBalancerOptions, onExit: () => void) {
    this.id = id;
    this.#options = options;
    this.paths = loadBalancerPaths(options.basePath, id);
    this.#running = new RunningConfiguration(
      this.paths,
      (path) => options.certificates.readPath(id, path),
      async (text) => withTablesOfPeers(await withSessionHold(text, options.sessionHold)),
    );
    this.#sessions = new SessionHandover(id, this.paths.statsSocket, options.log);
    this.process = new HaproxyProcess(this.paths, { ...options, onExit });
  }

  stored(): Promise<Buffer | null> {
    return readIfPresent(this.paths.stored);
  }

  /** Its HAProxy is alive. */
  async isServing(): Promise<boolean> {
    return (await this.process.pid()) !== null;
  }

  /** The agent died between staging a configuration and its reload. */
  async isInDoubt(): Promise<boolean> {
    return (await this.runningHash()) === null;
  }

  /** HAProxy is being started or reloaded right now: it pauses listeners for a moment, which is not their status. */
  get changing(): boolean {
    return this.#changing;
  }

  /** SHA-256 of the upload that HAProxy uses; null when it does not run or a crash left that in doubt. */
  async runningHash(): Promise<string | null> {
    if (!(await this.isServing())) return null;
    if (await this.#running.isUnproven()) return null;
    return (await this.#running.current())?.uploaded ?? null;
  }

  /** To be asked before waiting for one's turn. */
  async found(): Promise<Found> {
    const loads = this.#loads;
    const stored = await this.stored();
    return { upToDate: stored !== null && (await this.runningHash()) === sha256(stored), loads };
  }

  /** Checks, then stores; nothing changes when the check fails. Returns the hash. @throws InvalidConfigurationError */
  async store(configuration: Buffer): Promise<string> {
    await mkdir(this.paths.folder, { recursive: true, mode: 0o755 });
    const { run, haproxyCmd, peerName } = this.#options;
    const alerts = await checkConfiguration(run, haproxyCmd, this.paths.check, configuration, peerName);
    if (alerts !== null) {
      // Only an empty folder goes: a refused first upload must leave no trace of the load balancer.
      await rmdir(this.paths.folder).catch(() => {});
      throw new InvalidConfigurationError(alerts);
    }
    await writeFileAtomic(this.paths.stored, configuration, 0o600);
    return sha256(configuration);
  }

  /**
   * Makes the stored configuration the running one: starts HAProxy, tells it the changes, or reloads it. When HAProxy
   * cannot use it (an address that cannot be bound), the configuration before is running again when this throws.
   *
   * @param force reload also when the running configuration is the stored one
   * @param found by who waited: when another one did meanwhile what he waited for, it is not done again
   * @throws HaproxyError
   */
  async activate(force: boolean, found?: Found): Promise<Outcome> {
    const stored = await this.stored();
    if (stored === null) throw new HaproxyError(`no configuration is stored for ${this.id}`);
    const wasRunning = await this.isServing();
    const runningHash = wasRunning ? await this.runningHash() : null;
    const isNew = runningHash !== sha256(stored);
    if (!isNew && !force) return 'unchanged';
    if (!isNew && found && (!found.upToDate || this.#loads > found.loads)) return this.#last;
    this.#last = await this.#bringAbout(stored, wasRunning, runningHash !== null && isNew);
    return this.#last;
  }

  async #bringAbout(stored: Buffer, wasRunning: boolean, mayChange: boolean): Promise<Outcome> {
    if (mayChange && (await this.#changeWhileRunning(stored))) return 'changed while running';
    if (wasRunning) {
      await this.#sessions.prepare((await this.#running.current())?.text ?? '');
      await this.#options.beforeCountersReset(this.id);
      await this.#saveServerState(stored);
    }
    const wasInDoubt = wasRunning && (await this.#running.isUnproven());
    await this.#running.stage(stored);
    this.#loads += 1;
    this.#changing = true;
    try {
      await this.#startOrReload(wasRunning);
    } catch (error) {
      if (!(error instanceof MasterSilentError)) await this.#fallBack(wasRunning);
      // Only files are to be set back, and these only when it is known which of them HAProxy uses.
      else if (!wasInDoubt) await this.#running.restore();
      throw error;
    } finally {
      this.#changing = false;
      this.#sessions.dismiss();
    }
    await this.#running.prove();
    return wasRunning ? 'reloaded' : 'started';
  }

  /**
   * Starts HAProxy again after it died or the amphora booted, with the configuration that worked last.
   *
   * @throws HaproxyError
   */
  async revive(): Promise<void> {
    if ((await this.#running.current()) === null) {
      await this.activate(false);
      return;
    }
    try {
      await this.#startOrReload(false);
      await this.#running.prove();
    } catch (error) {
      // A crash came between staging a new configuration and learning whether it works: it does not.
      if (!(await this.#running.isUnproven())) throw error;
      await this.#fallBack(false);
    }
  }

  async stop(): Promise<void> {
    if (await this.isServing()) await this.#options.beforeCountersReset(this.id);
    await this.process.stop();
  }

  /** Stops HAProxy and removes everything of the load balancer. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.paths.folder, { recursive: true, force: true });
  }

  boundOutput(): Promise<void> {
    return this.process.boundOutput();
  }

  /** What it knows of sessions: whether it keeps any in tables, and whether it knows those of the other amphorae. */
  async sessions(): Promise<{ kept: boolean; learned: boolean }> {
    const kept = hasSharedTables((await this.#running.current())?.text ?? '');
    return { kept, learned: kept && (await this.#sessions.peers())?.learned === true };
  }

  /** False when only a reload can do it; what was done up to then, the reload does again. */
  async #changeWhileRunning(stored: Buffer): Promise<boolean> {
    const current = await this.#running.current();
    if (current === null || current.folder === null) return false;
    const { text, digests, folder } = current;
    const wanted = await this.#running.wanted(stored, folder);
    const { statsSocket } = this.paths;
    try {
      const certificates = planCertificates(text, digests, wanted.slots);
      const servers = planRuntimeChange(text, wanted.text);
      if (certificates === null || servers === null) return false;
      await new CertificateCommands(statsSocket, this.#running.folder(folder)).apply(certificates);
      const busy = await applyRuntimeChange(statsSocket, servers, this.#leftovers);
      if (busy.length > 0)
        this.#options.log.info({ id: this.id, members: busy.length }, 'Removed members finish their connections');
      // Only now: after a refusal the files must be those of before, in case HAProxy cannot use the others at all.
      await this.#running.follow(stored, wanted, folder, certificates);
      return true;
    } catch (error) {
      this.#options.log.warn(
        { id: this.id, err: error },
        'Reloading HAProxy, because it cannot be changed while it runs',
      );
      return false;
    }
  }

  async #startOrReload(wasRunning: boolean): Promise<void> {
    if (wasRunning) {
      await this.process.reload();
    } else {
      this.#sessions.dismiss();
      await this.process.start();
    }
    this.#leftovers.clear();
    await this.#sessions.complete((await this.#running.current())?.text ?? '', this.process.workers);
  }

  async #fallBack(wasRunning: boolean): Promise<void> {
    this.#leftovers.clear();
    if (!(await this.#running.restore())) return;
    try {
      // The master waits without a configuration after a failed reload until it is told to load a good one.
      await this.#startOrReload(wasRunning && (await this.isServing()));
      this.#options.log.warn({ id: this.id }, 'Serving the configuration from before the failed change');
    } catch (error) {
      this.#options.log.error({ id: this.id, err: error }, 'The last good configuration does not start');
    }
  }

  /** A reload forgets member states unless the new worker finds them in a file the configuration names. */
  async #saveServerState(configuration: Buffer): Promise<void> {
    if (!namesServerState(decode(configuration))) return;
    try {
      const state = await askSocket(this.paths.statsSocket, 'show servers state', 2_000);
      await writeFile(this.paths.serverState, checkResultsOnly(state), { mode: 0o600 });
    } catch (error) {
      this.#options.log.warn({ id: this.id, err: error }, 'Member states could not be saved');
    }
  }
}
