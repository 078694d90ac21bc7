/**
 * A driver in a process that the API starts, and starts again with growing pauses when it ends, cannot load its driver, or does not even
 * say who it is any more. Calls wait while it loads; between two attempts they are refused at once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@octavia/protocol/log';
import { DriverError } from '@octavia/provider-lib';
import type { HostBeat } from '../driver/host-beat.ts';
import { Channel } from './channel.ts';
import { type DriverHome, tooLate } from './driver.ts';
import { HOST_STDIO, hearHost } from './python-host.ts';

export interface HostedOptions {
  name: string;
  command: string;
  /** @param socket where the driver is to listen */
  arguments(socket: string): string[];
  connections: number;
  log: Log;
  /** Of each process anew: what a process was given and had not done is lost with it. */
  newBeat?: () => Beat;
  /** The first pause, and the longest; a process that ran for a minute begins at the first again. */
  pauseMs?: { first: number; longest: number };
}

type Beat = Pick<HostBeat, 'start' | 'stop'> & { id: string };

const PAUSE_MS = { first: 500, longest: 30_000 };
const STEADY_MS = 60_000;
const PROBE_MS = 5000;
/** Threads that nobody waits for any more; with more the process is started anew. */
const MOST_STALLED = 100;
const KILL_MS = 2000;

type State = 'loading' | 'ready' | 'down';

export class HostedDriver implements DriverHome {
  readonly #options: HostedOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'octavia-driver-'));
  readonly #socket = join(this.#folder, 'driver.sock');
  readonly #changed = new Set<() => void>();
  #state: State = 'loading';
  /** What kept the driver from being made the last time. */
  #refusal: string | null = null;
  #child: ChildProcess | null = null;
  #beat: Beat | null = null;
  #channel: Channel | null = null;
  #restart: NodeJS.Timeout | null = null;
  #pauseMs: number;
  #isClosed = false;

  constructor(options: HostedOptions) {
    this.#options = options;
    this.#pauseMs = (options.pauseMs ?? PAUSE_MS).first;
    this.#start();
  }

  /** What the others know the process by; null: it does not run, or is not told of. */
  get hostId(): string | null {
    return this.#beat?.id ?? null;
  }

  isLoaded(): boolean {
    return this.#refusal === null;
  }

  async channel(timeoutMs: number): Promise<Channel> {
    const until = performance.now() + timeoutMs;
    while (this.#state === 'loading') {
      if (!(await this.#change(until - performance.now()))) throw tooLate(timeoutMs);
    }
    if (this.#channel === null) {
      throw new DriverError({ user_fault_string: 'The process of the driver has ended and is being started again.' });
    }
    return this.#channel;
  }

  #change(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const changed = () => {
        clearTimeout(timer);
        this.#changed.delete(changed);
        resolve(true);
      };
      const timer = setTimeout(
        () => {
          this.#changed.delete(changed);
          resolve(false);
        },
        Math.max(0, ms),
      );
      this.#changed.add(changed);
    });
  }

  #enter(state: State): void {
    this.#state = state;
    for (const changed of [...this.#changed]) changed();
  }

  #start(): void {
    const { name, command, log } = this.#options;
    const since = performance.now();
    this.#restart = null;
    // Its own group: a Ctrl-C at a terminal is for the API, which ends it by closing its standard input.
    const child = spawn(command, this.#options.arguments(this.#socket), {
      stdio: [...HOST_STDIO],
      detached: true,
    });
    this.#child = child;
    this.#enter('loading');
    child.stdin?.on('error', () => undefined);
    hearHost(child, log, { provider: name }, (report) => this.#report(child, report));
    child.once('error', (error) => {
      log.error({ provider: name, err: error }, `The process of provider ${name} cannot be started`);
      if (child.pid === undefined) this.#over(child, since, `cannot be started: ${error.message}`);
    });
    child.once('exit', (code, signal) =>
      this.#over(child, since, signal ? `was ended by ${signal}` : `exited with ${code}`),
    );
  }

  #report(child: ChildProcess, report: Readonly<Record<string, unknown>>): void {
    if (child !== this.#child) return;
    const { name, log, connections } = this.#options;
    if (report.state === 'failed') this.#refusal = String(report.reason);
    if (report.state !== 'ready') return;
    log.info({ provider: name, pid: child.pid }, `Provider ${name} is served by ${String(report.driver)}`);
    this.#refusal = null;
    this.#channel = Channel.unix(this.#socket, connections);
    this.#beat = this.#options.newBeat?.() ?? null;
    void this.#tellOthers(child, this.#beat);
  }

  /** Calls wait until the others can find out that the process ended. */
  async #tellOthers(child: ChildProcess, beat: Beat | null): Promise<void> {
    try {
      await beat?.start();
    } catch (error) {
      this.#options.log.warn({ provider: this.#options.name, err: error }, 'Could not tell that a driver runs');
    }
    if (child === this.#child) this.#enter('ready');
    else void beat?.stop();
  }

  #over(child: ChildProcess, since: number, how: string): void {
    if (child !== this.#child) return;
    this.#child = null;
    void this.#channel?.close();
    this.#channel = null;
    void this.#beat?.stop();
    this.#beat = null;
    this.#enter('down');
    if (this.#isClosed) return;
    const { first, longest } = this.#options.pauseMs ?? PAUSE_MS;
    if (performance.now() - since > STEADY_MS) this.#pauseMs = first;
    const { name, log } = this.#options;
    const why = this.#refusal === null ? how : `could not load its driver (${this.#refusal})`;
    log.error({ provider: name }, `The process of provider ${name} ${why}; it is started again in ${this.#pauseMs} ms`);
    this.#restart = setTimeout(() => this.#start(), this.#pauseMs);
    this.#pauseMs = Math.min(longest, this.#pauseMs * 2);
  }

  stalled(channel: Channel): void {
    const child = this.#child;
    if (!child || channel !== this.#channel) return;
    const { name, log } = this.#options;
    channel.greet(PROBE_MS).then(
      (calls) => {
        if (calls < MOST_STALLED) return;
        log.error({ provider: name }, `${calls} calls of provider ${name} do not end: its process is started anew`);
        child.kill('SIGKILL');
      },
      (error: Error) => {
        if (child !== this.#child) return;
        log.error({ provider: name, reason: error.message }, `Provider ${name} does not answer: it is started anew`);
        child.kill('SIGKILL');
      },
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#restart) clearTimeout(this.#restart);
    const child = this.#child;
    if (child) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
      await ended;
      clearTimeout(timer);
      await this.#beat?.stop();
    }
    this.#enter('down');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
