/** All load balancers of the amphora: adopts, starts and restarts their HAProxy processes, one change at a time each. */
import { readdir } from 'node:fs/promises';
import { type Log, messageOf } from '../log.ts';
import type { AgentState } from '../state/agent-state.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import { Restarts } from '../system/restarts.ts';
import { type LoadBalancerOptions, LoadBalancerService } from './load-balancer.ts';
import { isUuid } from './paths.ts';

interface Entry {
  service: LoadBalancerService;
  starts: Restarts;
  /** The last attempt failed, and nothing has succeeded since. */
  failed: boolean;
  checking: boolean;
}

const CHECK_INTERVAL_MS = 1_000;

export class Supervisor {
  readonly #options: LoadBalancerOptions;
  readonly #state: AgentState;
  readonly #log: Log;
  readonly #lock = new KeyedLock();
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LoadBalancerOptions, state: AgentState) {
    this.#options = options;
    this.#state = state;
    this.#log = options.log;
  }

  /** Finds stored load balancers, adopts what runs, starts what should run; then watches. */
  async begin(): Promise<void> {
    const names = await readdir(this.#options.basePath);
    for (const id of names.filter(isUuid)) {
      const entry = this.#entry(id);
      if ((await entry.service.stored()) === null) this.#entries.delete(id);
      else if (await entry.service.isRunning()) await this.#adopt(entry);
    }
    this.#schedule(0);
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Something changed that may let a failed start succeed now (an interface arrived). */
  kick(): void {
    for (const { starts } of this.#entries.values()) starts.hurry();
    this.#look();
  }

  services(): LoadBalancerService[] {
    return [...this.#entries.values()].map((entry) => entry.service);
  }

  /** Those whose HAProxy should run. */
  wanted(): LoadBalancerService[] {
    return this.services().filter((service) => this.#state.desired(service.id) === 'running');
  }

  /** HAProxy died and the last try to start it again failed. */
  isFailed(id: string): boolean {
    return this.#entries.get(id)?.failed === true;
  }

  /** Null when this amphora stores no configuration for the id. */
  find(id: string): LoadBalancerService | null {
    return this.#entries.get(id)?.service ?? null;
  }

  /** Runs a change of one load balancer while nothing else touches it. */
  change<T>(id: string, work: (service: LoadBalancerService) => Promise<T>): Promise<T> {
    return this.#lock.run(id, async () => {
      const entry = this.#entry(id);
      try {
        return await work(entry.service);
      } finally {
        entry.starts.reset();
        entry.failed = false;
        if ((await entry.service.stored()) === null) this.#entries.delete(id);
      }
    });
  }

  #entry(id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const service = new LoadBalancerService(id, this.#options, () => this.#look());
    const entry = { service, starts: new Restarts(), failed: false, checking: false };
    this.#entries.set(id, entry);
    return entry;
  }

  async #adopt(entry: Entry): Promise<void> {
    const { service } = entry;
    entry.starts.started(Date.now());
    this.#log.info(`${service.id}: adopted running haproxy ${await service.process.pid()}`);
    await this.#state.setDesired(service.id, 'running');
    // The agent died between staging a configuration and its reload: only a reload tells which one is in use.
    if ((await service.runningHash()) !== null) return;
    await this.change(service.id, () => service.activate(true)).catch((error: unknown) =>
      this.#log.error(`${service.id}: ${messageOf(error)}`),
    );
  }

  /** Now, not at the next interval. */
  #look(): void {
    if (this.#timer !== null) this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Not awaited: one HAProxy that takes 30 s to start must not keep the others waiting.
      for (const entry of this.#entries.values()) void this.#check(entry);
      this.#schedule(CHECK_INTERVAL_MS);
    }, ms);
  }

  async #check(entry: Entry): Promise<void> {
    const { service } = entry;
    if (entry.checking) return;
    entry.checking = true;
    try {
      if (this.#state.desired(service.id) !== 'running') return;
      await this.#lock.run(service.id, async () => {
        if (this.#state.desired(service.id) !== 'running') return;
        if (await service.isRunning()) return service.process.boundOutput();
        await this.#restart(entry);
      });
    } catch (error) {
      this.#log.error(`${service.id}: ${messageOf(error)}`);
    } finally {
      entry.checking = false;
    }
  }

  async #restart(entry: Entry): Promise<void> {
    const { service, starts } = entry;
    if (!starts.attempt(Date.now())) return;
    this.#log.warn(`${service.id}: haproxy is not running, starting it (attempt ${starts.attempts})`);
    try {
      await service.revive();
      entry.failed = false;
    } catch (error) {
      entry.failed = true;
      throw error;
    }
    starts.started(Date.now());
  }
}
