/** One load balancer on this amphora: its stored configuration, its HAProxy, and the way from one to the other. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateStore } from '../certificates/store.ts';
import { type Log, messageOf } from '../log.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import type { RunCommand } from '../system/run.ts';
import { CertificateCommands } from './certificate-apply.ts';
import { fillFolder, followChanges } from './certificate-folder.ts';
import { planCertificates } from './certificate-plan.ts';
import { digestsOf, type SlottedText, withSlots } from './certificate-slots.ts';
import { checkConfiguration } from './check.ts';
import { type LoadBalancerPaths, loadBalancerPaths } from './paths.ts';
import { HaproxyError, HaproxyProcess, type HaproxyProcessOptions } from './process.ts';
import {
  CERTIFICATE_FOLDERS,
  type CertificateFolder,
  type RunningFile,
  readRunningFile,
  writeRunningFile,
} from './running-file.ts';
import { applyRuntimeChange, type Leftovers } from './runtime-apply.ts';
import { planRuntimeChange } from './runtime-plan.ts';
import { checkResultsOnly } from './server-state.ts';
import { askSocket } from './socket.ts';

export interface LoadBalancerOptions extends Omit<HaproxyProcessOptions, 'onExit'> {
  basePath: string;
  certificates: CertificateStore;
  run: RunCommand;
  log: Log;
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

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const readOrNull = (path: string): Promise<Buffer | null> => readFile(path).catch(() => null);

async function readRunning(path: string): Promise<RunningFile | null> {
  const content = await readOrNull(path);
  return content === null ? null : readRunningFile(content.toString('utf8'));
}

export class LoadBalancerService {
  readonly id: string;
  readonly paths: LoadBalancerPaths;
  readonly process: HaproxyProcess;
  readonly #options: LoadBalancerOptions;
  #changing = false;
  #loads = 0;
  #last: Outcome = 'unchanged';
  /** Of the process that serves now, as far as this agent knows. */
  readonly #leftovers: Leftovers = new Map();

  constructor(id: string, options: LoadBalancerOptions, onExit: () => void) {
    this.id = id;
    this.#options = options;
    this.paths = loadBalancerPaths(options.basePath, id);
    this.process = new HaproxyProcess(this.paths, { ...options, onExit });
  }

  stored(): Promise<Buffer | null> {
    return readOrNull(this.paths.stored);
  }

  async isRunning(): Promise<boolean> {
    return (await this.process.pid()) !== null;
  }

  /** HAProxy is being started or reloaded right now: it pauses listeners for a moment, which is not their status. */
  get changing(): boolean {
    return this.#changing;
  }

  /** SHA-256 of the upload that HAProxy uses; null when it does not run or a crash left that in doubt. */
  async runningHash(): Promise<string | null> {
    if (!(await this.isRunning())) return null;
    if ((await readOrNull(this.paths.previous)) !== null) return null;
    return (await readRunning(this.paths.running))?.uploaded ?? null;
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
    const wasRunning = await this.isRunning();
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
      await this.#options.beforeCountersReset(this.id);
      await this.#saveServerState(stored);
    }
    await this.#stage(stored);
    this.#loads += 1;
    this.#changing = true;
    try {
      await this.#startOrReload(wasRunning);
    } catch (error) {
      await this.#fallBack(wasRunning);
      throw error;
    } finally {
      this.#changing = false;
    }
    await this.#forgetPrevious();
    return wasRunning ? 'reloaded' : 'started';
  }

  /**
   * Starts HAProxy again after it died or the amphora booted, with the configuration that worked last.
   *
   * @throws HaproxyError
   */
  async revive(): Promise<void> {
    if ((await readOrNull(this.paths.running)) === null) {
      await this.activate(false);
      return;
    }
    try {
      await this.process.start();
      await this.#forgetPrevious();
    } catch (error) {
      // A crash came between staging a new configuration and learning whether it works: it does not.
      if ((await readOrNull(this.paths.previous)) === null) throw error;
      await this.#fallBack(false);
    }
  }

  async stop(): Promise<void> {
    if (await this.isRunning()) await this.#options.beforeCountersReset(this.id);
    await this.process.stop();
  }

  /** Stops HAProxy and removes everything of the load balancer. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.paths.folder, { recursive: true, force: true });
  }

  /** False when only a reload can do it; what was done up to then, the reload does again. */
  async #changeWhileRunning(stored: Buffer): Promise<boolean> {
    const running = await readRunning(this.paths.running);
    if (running === null || running.folder === null) return false;
    const folder = join(this.paths.folder, running.folder);
    const wanted = await this.#slotted(stored, folder);
    const certificates = planCertificates(running.text, running.digests, wanted.slots);
    const servers = planRuntimeChange(running.text, wanted.text);
    if (certificates === null || servers === null) return false;
    try {
      await new CertificateCommands(this.paths.statsSocket, folder).apply(certificates);
      const busy = await applyRuntimeChange(this.paths.statsSocket, servers, this.#leftovers);
      if (busy.length > 0)
        this.#options.log.info(`${this.id}: ${busy.length} removed members finish their connections`);
    } catch (error) {
      this.#options.log.warn(`${this.id}: reloading, for HAProxy refused a change: ${messageOf(error)}`);
      return false;
    }
    // Only now: after a refusal the files must be those of before, in case HAProxy cannot use the others at all.
    await followChanges(folder, wanted.slots, certificates);
    await this.#writeRunning(stored, wanted, running.folder);
    return true;
  }

  #slotted(stored: Buffer, folder: string): Promise<SlottedText> {
    const { certificates } = this.#options;
    return withSlots(stored.toString('utf8'), folder, (path) => certificates.readPath(this.id, path));
  }

  async #writeRunning(stored: Buffer, { text, slots }: SlottedText, folder: CertificateFolder): Promise<void> {
    const file = writeRunningFile({ text, uploaded: sha256(stored), folder, digests: digestsOf(slots) });
    await writeFileAtomic(this.paths.running, file, 0o600);
  }

  async #stage(stored: Buffer): Promise<void> {
    const { folder, running, previous } = this.paths;
    // A `previous` that is still there is the last proven one; `running` was never proven.
    const proven = (await readRunning(previous)) ?? (await readRunning(running));
    const fresh = CERTIFICATE_FOLDERS.find((name) => name !== proven?.folder) ?? CERTIFICATE_FOLDERS[0];
    const slotted = await this.#slotted(stored, join(folder, fresh));
    if ((await readOrNull(running)) !== null && (await readOrNull(previous)) === null) {
      await copyFile(running, `${previous}.tmp`);
      await rename(`${previous}.tmp`, previous);
    }
    await fillFolder(join(folder, fresh), slotted.slots);
    await this.#writeRunning(stored, slotted, fresh);
  }

  /** The running configuration is proven. */
  async #forgetPrevious(): Promise<void> {
    await rm(this.paths.previous, { force: true });
    const running = await readRunning(this.paths.running);
    for (const name of CERTIFICATE_FOLDERS) {
      if (name !== running?.folder) await rm(join(this.paths.folder, name), { recursive: true, force: true });
    }
  }

  async #startOrReload(wasRunning: boolean): Promise<void> {
    this.#leftovers.clear();
    if (!wasRunning) return this.process.start();
    await this.process.reload();
  }

  async #fallBack(wasRunning: boolean): Promise<void> {
    const { previous, running } = this.paths;
    if ((await readOrNull(previous)) === null) {
      await rm(running, { force: true });
      return;
    }
    await rename(previous, running);
    try {
      // The master waits without a configuration after a failed reload until it is told to load a good one.
      if (wasRunning && (await this.isRunning())) await this.process.reload();
      else await this.process.start();
      this.#options.log.warn(`${this.id}: serving the configuration from before the failed change`);
    } catch (error) {
      this.#options.log.error(`${this.id}: the last good configuration does not start: ${messageOf(error)}`);
    }
  }

  /** A reload forgets member states unless the new worker finds them in a file the configuration names. */
  async #saveServerState(configuration: Buffer): Promise<void> {
    if (!configuration.includes('server-state-file')) return;
    try {
      const state = await askSocket(this.paths.statsSocket, 'show servers state', 2_000);
      await writeFile(this.paths.serverState, checkResultsOnly(state), { mode: 0o600 });
    } catch (error) {
      this.#options.log.warn(`${this.id}: member states could not be saved: ${messageOf(error)}`);
    }
  }
}
