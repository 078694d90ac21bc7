/** All UDP and SCTP listeners of the amphora: adopts, starts and restarts their keepalived, one change at a time each. */
import { mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isUuid } from '../haproxy/paths.ts';
import { type Log, messageOf } from '../log.ts';
import { lvsFiles } from '../protocol/lvs-files.ts';
import type { AgentState } from '../state/agent-state.ts';
import { writeFileAtomic } from '../state/atomic-file.ts';
import { KeyedLock } from '../system/keyed-lock.ts';
import { Restarts } from '../system/restarts.ts';
import { prepareForwarding, releaseForwarding } from './forwarding.ts';
import { LvsListener, type LvsListenerOptions } from './listener.ts';
import { SCTP_CHECK } from './sctp-check.ts';

interface Entry {
  listener: LvsListener;
  starts: Restarts;
  /** The last attempt failed, and nothing has succeeded since. */
  failed: boolean;
  checking: boolean;
}

const CHECK_INTERVAL_MS = 1_000;
/** After a boot interfaces come late; checks before that would take every member for dead. */
const INTERFACES_LIMIT_MS = 10_000;

export class LvsSupervisor {
  readonly #options: Omit<LvsListenerOptions, 'prepare'>;
  readonly #state: AgentState;
  readonly #log: Log;
  readonly #lock = new KeyedLock();
  readonly #entries = new Map<string, Entry>();
  readonly #began = Date.now();
  #prepared = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: Omit<LvsListenerOptions, 'prepare'>, state: AgentState, log: Log) {
    this.#options = options;
    this.#state = state;
    this.#log = log;
  }

  /** Finds stored listeners, adopts what runs, starts what should run; then watches. */
  async begin(): Promise<void> {
    const { folder, sctpCheck } = lvsFiles(this.#options.basePath);
    await mkdir(dirname(sctpCheck), { recursive: true, mode: 0o700 });
    await writeFileAtomic(sctpCheck, SCTP_CHECK, 0o755);
    for (const id of (await readdir(folder)).filter(isUuid)) {
      const { listener } = this.#entry(id);
      if ((await listener.stored()) === null) this.#entries.delete(id);
      else if ((await listener.isServing()) && (await listener.isInDoubt())) await this.#decide(id);
    }
    if (this.wanted().length > 0) {
      await this.#prepare().catch((error: unknown) => this.#log.error(messageOf(error)));
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

  listeners(): LvsListener[] {
    return [...this.#entries.values()].map((entry) => entry.listener);
  }

  /** Those that should serve. */
  wanted(): LvsListener[] {
    return this.listeners().filter(({ id }) => this.#state.desired(id) === 'running');
  }

  isFailed(id: string): boolean {
    return this.#entries.get(id)?.failed === true;
  }

  /** Null when this amphora stores no configuration for the id. */
  find(id: string): LvsListener | null {
    return this.#entries.get(id)?.listener ?? null;
  }

  /** Runs a change of one listener while nothing else touches it. */
  change<T>(id: string, work: (listener: LvsListener) => Promise<T>): Promise<T> {
    return this.#lock.run(id, async () => {
      const entry = this.#entry(id);
      try {
        return await work(entry.listener);
      } finally {
        entry.starts.reset();
        entry.failed = false;
        if ((await entry.listener.stored()) === null) await this.#forget(id);
      }
    });
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    await prepareForwarding(this.#options.namespace);
    this.#prepared = true;
  }

  async #forget(id: string): Promise<void> {
    this.#entries.delete(id);
    if (this.#entries.size > 0 || !this.#prepared) return;
    this.#prepared = false;
    await releaseForwarding(this.#options.namespace);
  }

  /** Only a reload tells which configuration is in use. */
  async #decide(id: string): Promise<void> {
    await this.change(id, (listener) => listener.activate(true)).catch((error: unknown) =>
      this.#log.error(`${id}: ${messageOf(error)}`),
    );
  }

  #entry(id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const listener = new LvsListener(id, { ...this.#options, prepare: () => this.#prepare() }, () => this.#look());
    const entry = { listener, starts: new Restarts(), failed: false, checking: false };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Now, not at the next interval. */
  #look(): void {
    if (this.#timer !== null) this.#schedule(0);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Not awaited: one that takes long to start must not keep the others waiting.
      for (const entry of this.#entries.values()) void this.#check(entry);
      this.#schedule(CHECK_INTERVAL_MS);
    }, ms);
  }

  async #check(entry: Entry): Promise<void> {
    const { listener } = entry;
    if (entry.checking) return;
    entry.checking = true;
    try {
      if (this.#state.desired(listener.id) !== 'running') return;
      await this.#lock.run(listener.id, async () => {
        if (this.#state.desired(listener.id) !== 'running') return;
        if (await listener.isServing()) return listener.boundOutput();
        if (await this.#hasInterfaces()) await this.#restart(entry);
      });
    } catch (error) {
      this.#log.error(`${listener.id}: ${messageOf(error)}`);
    } finally {
      entry.checking = false;
    }
  }

  async #hasInterfaces(): Promise<boolean> {
    if (Date.now() - this.#began > INTERFACES_LIMIT_MS) return true;
    const present = new Set((await this.#options.namespace.links('inside')).filter(({ up }) => up).map((l) => l.name));
    return this.#state.ports().every((port) => present.has(port.name));
  }

  async #restart(entry: Entry): Promise<void> {
    const { listener, starts } = entry;
    if (!starts.attempt(Date.now())) return;
    this.#log.warn(`${listener.id}: keepalived is not running, starting it (attempt ${starts.attempts})`);
    try {
      await listener.revive();
      entry.failed = false;
    } catch (error) {
      entry.failed = true;
      throw error;
    }
    starts.started(Date.now());
  }
}
