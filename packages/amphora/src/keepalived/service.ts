/** VRRP of this amphora: its stored configuration, its keepalived, and the watch that starts it again when it dies. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import type { VrrpAction } from '@octavia/protocol/agent-api';
import type { Log } from '../log.ts';
import type { TrafficNamespace } from '../network/namespace.ts';
import type { AgentState } from '../state/agent-state.ts';
import { readIfPresent } from '../state/optional-file.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import { Restarts } from '../system/restarts.ts';
import type { RunCommand } from '../system/run.ts';
import type { Transition } from '../system/transition.ts';
import { configurationProblem } from './check.ts';
import { HaproxyStateFile } from './haproxy-state.ts';
import { keepalivedPaths } from './paths.ts';
import { KeepalivedError, KeepalivedProcess } from './process.ts';

export interface VrrpOptions {
  basePath: string;
  keepalivedCmd: string;
  namespace: TrafficNamespace;
  state: AgentState;
  transition: Transition;
  run: RunCommand;
  log: Log;
  /** True while a HAProxy that should serve does not; asked every second. */
  haproxyDown: () => boolean;
  /** True while a HAProxy that should serve was not started yet. */
  haproxyPending: () => Promise<boolean>;
  /** Pid files of every HAProxy that should run. */
  pidFiles: () => string[];
}

const WATCH_INTERVAL_MS = 1_000;
const HAPROXY_FIRST_MS = 5_000;

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

export class VrrpService {
  readonly #options: VrrpOptions;
  readonly #paths;
  readonly #process: KeepalivedProcess;
  readonly #stateFile: HaproxyStateFile;
  readonly #lock = new KeyedLock();
  #timer: NodeJS.Timeout | null = null;
  readonly #starts = new Restarts();
  #seenRunning = false;
  #waitingSince: number | null = null;
  /** Times keepalived was found dead and started again, since the agent started. */
  restarts = 0;

  constructor(options: VrrpOptions) {
    this.#options = options;
    this.#paths = keepalivedPaths(options.basePath);
    this.#process = new KeepalivedProcess({
      files: this.#paths,
      part: 'vrrp',
      keepalivedCmd: options.keepalivedCmd,
      namespace: options.namespace.name,
      onExit: () => this.#look(),
    });
    this.#stateFile = new HaproxyStateFile(this.#paths);
  }

  /** Adopts a running keepalived, starts one that should run; then watches. */
  begin(): void {
    this.#schedule(0);
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Something changed that may let a failed start succeed now (an interface arrived). */
  kick(): void {
    this.#starts.hurry();
    this.#look();
  }

  async isRunning(): Promise<boolean> {
    return (await this.#process.pid()) !== null;
  }

  async isStored(): Promise<boolean> {
    return (await readIfPresent(this.#paths.configuration)) !== null;
  }

  /** SHA-256 of the configuration keepalived uses; null when it does not run. */
  async runningHash(): Promise<string | null> {
    const running = (await this.isRunning()) ? await readIfPresent(this.#paths.running) : null;
    return running === null ? null : sha256(running);
  }

  /** Checks, then stores; nothing changes when the check fails. Returns the hash. @throws KeepalivedError */
  store(configuration: Buffer): Promise<string> {
    return this.#lock.run('vrrp', async () => {
      // The configuration names the script and the state file: they must exist before it is checked.
      await this.#report();
      await writeFile(this.#paths.candidate, configuration, { mode: 0o600 });
      try {
        await this.#check();
        await rename(this.#paths.candidate, this.#paths.configuration);
      } finally {
        await rm(this.#paths.candidate, { force: true });
      }
      return sha256(configuration);
    });
  }

  /** Start and reload both end with keepalived running the stored configuration. @throws KeepalivedError */
  act(action: VrrpAction): Promise<void> {
    const { state, transition } = this.#options;
    return this.#lock.run('vrrp', () =>
      transition.during(async () => {
        if (action === 'stop') {
          await state.setVrrp('stopped');
          await this.#process.stop();
          await this.#releaseVips();
          return;
        }
        await this.#activate(action === 'reload');
        this.#starts.reset();
        await state.setVrrp('running');
      }),
    );
  }

  async #activate(force: boolean): Promise<void> {
    const stored = await readIfPresent(this.#paths.configuration);
    if (stored === null) throw new KeepalivedError('no keepalived configuration was uploaded');
    await this.#report();
    const running = await this.runningHash();
    if (running === sha256(stored) && !force) return;
    await copyFile(this.#paths.configuration, `${this.#paths.running}.tmp`);
    await rename(`${this.#paths.running}.tmp`, this.#paths.running);
    if (running === null) await this.#process.start();
    else await this.#process.reload();
    this.#starts.started(Date.now());
  }

  async #check(): Promise<void> {
    await mkdir(this.#paths.folder, { recursive: true, mode: 0o700 });
    const words = await configurationProblem(this.#options, 'vrrp', this.#paths.candidate);
    if (words !== null) throw new KeepalivedError(words);
  }

  /** Now, not at the next interval. */
  #look(): void {
    if (this.#timer !== null) this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      await this.#watch().catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'keepalived could not be looked after; trying again'),
      );
      if (this.#timer !== null) this.#schedule(WATCH_INTERVAL_MS);
    }, ms);
  }

  async #watch(): Promise<void> {
    if (this.#options.state.vrrp() !== 'running') return;
    await this.#lock.run('vrrp', async () => {
      if (this.#options.state.vrrp() !== 'running') return;
      await this.#report();
      if (await this.isRunning()) {
        this.#seenRunning = true;
        return this.#process.boundOutput();
      }
      if (await this.#canStart()) await this.#restart();
    });
  }

  async #restart(): Promise<void> {
    const { log } = this.#options;
    if (!this.#starts.attempt(Date.now())) return;
    log.warn({ attempt: this.#starts.attempts }, 'keepalived is not running; starting it');
    if (this.#seenRunning) this.restarts += 1;
    this.#seenRunning = false;
    try {
      await this.#process.start();
      this.#starts.started(Date.now());
    } catch (error) {
      // Without keepalived nobody would take the VIPs away from here when the other amphora holds them.
      await this.#releaseVips();
      throw error;
    }
  }

  /**
   * After a boot interfaces come late, and keepalived drops what it does not find. HAProxy goes first, for a while: a check
   * that fails at the very start keeps the amphora from the VIPs until it has succeeded several times.
   */
  async #canStart(): Promise<boolean> {
    const present = (await this.#options.namespace.links('inside')).map((link) => link.name);
    const missing = this.#options.state.ports().some((port) => port.kind === 'vip' && !present.includes(port.name));
    if (missing) return false;
    this.#waitingSince ??= Date.now();
    const waited = Date.now() - this.#waitingSince;
    // One whose first start failed, because its address was not there yet, is as late as one that is starting.
    const late = (await this.#options.haproxyPending()) || this.#options.haproxyDown();
    if (waited < HAPROXY_FIRST_MS && late) return false;
    this.#waitingSince = null;
    // It may have come up since the last report, which the check reads the moment keepalived begins.
    await this.#report();
    return true;
  }

  #report(): Promise<void> {
    return this.#stateFile.report(this.#options.haproxyDown(), this.#options.pidFiles());
  }

  async #releaseVips(): Promise<void> {
    const { namespace, state, log } = this.#options;
    const present = await namespace.addresses();
    for (const port of state.ports()) {
      const leased = port.addresses.filter((address) => !address.owned).map((address) => address.cidr);
      const held = (present.get(port.name) ?? []).map((address) => `${address.address}/${address.prefixLength}`);
      for (const cidr of held.filter((item) => leased.includes(item))) {
        await namespace
          .batch([`address delete ${cidr} dev ${port.name}`])
          .catch((error: unknown) =>
            log.warn({ interface: port.name, address: cidr, err: error }, 'A VIP could not be taken off'),
          );
      }
    }
  }
}
