/** The process that a driver runs in where the kit starts it: started again when the driver ended it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Lines that are kept of what the driver said last. */
const KEPT = 20;

export class DriverProcess {
  readonly #command: readonly string[];
  readonly #socket: string | null;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  readonly #lines: string[] = [];

  /** @param socket the driver's own, which one that was killed leaves behind */
  constructor(command: readonly string[], socket: string | null) {
    this.#command = command;
    this.#socket = socket;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** What it said last on standard error. */
  get said(): readonly string[] {
    return this.#lines;
  }

  /** Whether it ends within the time: its sockets are gone before it is. */
  async ends(withinMs: number): Promise<boolean> {
    const timer = new AbortController();
    const late = pause(withinMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.#ended, late]);
    timer.abort();
    return !this.isRunning;
  }

  start(): void {
    if (this.#socket !== null) rmSync(this.#socket, { force: true });
    const [program = '', ...args] = this.#command;
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lines.push(...text.split('\n').filter((line) => line.trim() !== ''));
      this.#lines.splice(0, Math.max(0, this.#lines.length - KEPT));
    });
    this.#ended = new Promise((resolve) => {
      const over = () => {
        if (this.#child === child) this.#child = null;
        resolve();
      };
      child.once('exit', over);
      child.once('error', (error) => {
        this.#lines.push(String(error));
        over();
      });
    });
  }

  /** @param isKind false: as a crash of its machine would */
  async stop(isKind = false): Promise<void> {
    this.#child?.kill(isKind ? 'SIGTERM' : 'SIGKILL');
    await this.#ended;
  }
}
