/** Services of one kind on this amphora: adopts, starts and restarts what runs for them, one change at a time each. */
import type { Log } from '../log.ts';
import type { AgentState } from '../state/agent-state.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Restarts } from './restarts.ts';

export interface Supervised {
  readonly id: string;
  /** The configuration; null when this amphora stores none. */
  stored(): Promise<Buffer | null>;
  /** What is to run for it does. */
  isServing(): Promise<boolean>;
  /** Asked of one that serves: whether an agent that died left open which configuration is in use. */
  isInDoubt(): Promise<boolean>;
  /** @param force also when the stored configuration is in use */
  activate(force: boolean): Promise<unknown>;
  /** Starts it again after it died or the amphora booted. */
  revive(): Promise<void>;
  /** Keeps the file that takes its messages small. */
  boundOutput(): Promise<void>;
}

interface Entry<T> {
  service: T;
  starts: Restarts;
  /** The last attempt failed, and nothing has succeeded since. */
  failed: boolean;
  checking: boolean;
}

const CHECK_INTERVAL_MS = 1_000;

export abstract class Supervisor<T extends Supervised> {
  readonly #daemon: string;
  protected readonly state: AgentState;
  protected readonly log: Log;
  readonly #lock = new KeyedLock();
  readonly #entries = new Map<string, Entry<T>>();
  #timer: NodeJS.Timeout | null = null;

  /** @param daemon what runs for each, in log lines */
  constructor(daemon: string, state: AgentState, log: Log) {
    this.#daemon = daemon;
    this.state = state;
    this.log = log;
  }

  /** Finds what is stored, adopts what runs, starts what should run; then watches. */
  abstract begin(): Promise<void>;

  protected abstract make(id: string, onExit: () => void): T;

  /** It was found serving when the agent began. */
  protected async adopted(_service: T, _starts: Restarts): Promise<void> {}

  /** Whether the amphora has all that a start needs; until it has, no start is attempted. */
  protected async canStart(): Promise<boolean> {
    return true;
  }

  /** The last one is gone. */
  protected async emptied(): Promise<void> {}

  protected async adopt(ids: string[]): Promise<void> {
    for (const id of ids) {
      // One whose files cannot be read is not given up, and keeps the others from nothing.
      await this.#adoptOne(id).catch((error: unknown) =>
        this.log.error({ id, err: error }, `${this.#daemon} could not be taken over`),
      );
    }
  }

  async #adoptOne(id: string): Promise<void> {
    const { service, starts } = this.#entry(id);
    if ((await service.stored()) === null) await this.#forget(id);
    else if (await service.isServing()) {
      await this.adopted(service, starts);
      if (await service.isInDoubt()) await this.#decide(id);
    }
  }

  protected watch(): void {
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

  all(): T[] {
    return [...this.#entries.values()].map(({ service }) => service);
  }

  /** Those that should serve. */
  wanted(): T[] {
    return this.all().filter(({ id }) => this.state.desired(id) === 'running');
  }

  /** It died and the last try to start it again failed. */
  isFailed(id: string): boolean {
    return this.#entries.get(id)?.failed === true;
  }

  /** Null when this amphora stores no configuration for the id. */
  find(id: string): T | null {
    return this.#entries.get(id)?.service ?? null;
  }

  /** Runs a change of one service while nothing else touches it. */
  change<R>(id: string, work: (service: T) => Promise<R>): Promise<R> {
    return this.#lock.run(id, async () => {
      const entry = this.#entry(id);
      try {
        return await work(entry.service);
      } finally {
        entry.starts.reset();
        entry.failed = false;
        if (await this.#isRemoved(entry.service)) await this.#forget(id);
      }
    });
  }

  async #isRemoved(service: T): Promise<boolean> {
    try {
      return (await service.stored()) === null;
    } catch (error) {
      this.log.error({ id: service.id, err: error }, 'It is not known whether a configuration is stored');
      return false;
    }
  }

  /** Only a reload tells which configuration is in use. */
  async #decide(id: string): Promise<void> {
    await this.change(id, (service) => service.activate(true)).catch((error: unknown) =>
      this.log.error({ id, err: error }, `${this.#daemon} could not be reloaded`),
    );
  }

  #entry(id: string): Entry<T> {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const service = this.make(id, () => this.#look());
    const entry = { service, starts: new Restarts(), failed: false, checking: false };
    this.#entries.set(id, entry);
    return entry;
  }

  async #forget(id: string): Promise<void> {
    this.#entries.delete(id);
    if (this.#entries.size === 0) await this.emptied();
  }

  /** Now, not at the next interval. */
  #look(): void {
    if (this.#timer !== null) this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Not awaited: one that takes 30 s to start must not keep the others waiting.
      for (const entry of this.#entries.values()) void this.#check(entry);
      this.#schedule(CHECK_INTERVAL_MS);
    }, ms);
  }

  async #check(entry: Entry<T>): Promise<void> {
    const { service } = entry;
    if (entry.checking) return;
    entry.checking = true;
    try {
      if (this.state.desired(service.id) !== 'running') return;
      await this.#lock.run(service.id, async () => {
        if (this.state.desired(service.id) !== 'running') return;
        if (await service.isServing()) return service.boundOutput();
        if (await this.canStart()) await this.#restart(entry);
      });
    } catch (error) {
      this.log.error({ id: service.id, err: error }, `${this.#daemon} could not be looked after; trying again`);
    } finally {
      entry.checking = false;
    }
  }

  async #restart(entry: Entry<T>): Promise<void> {
    const { service, starts } = entry;
    if (!starts.attempt(Date.now())) return;
    this.log.warn({ id: service.id, attempt: starts.attempts }, `${this.#daemon} is not running; starting it`);
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
