/** Starts and ends `session-clients.ts`. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const CLIENTS = join(import.meta.dirname, 'session-clients.ts');
/** Where the addresses of the clients come from: `ip route add local <this> dev lo` makes all of them one's own. */
export const CLIENT_ADDRESSES = '10.99.0.0/24';

export interface SessionResult {
  sessions: number;
  /** Answered ones. */
  requests: number;
  /** When, who, and why. They ask again: where an address moves from one machine to another, some must fail. */
  failures: string[];
  /** When, who, from which member to which; once for each session. */
  moved: string[];
}

export class SessionLoad {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #output = '';

  /**
   * @param spawn starts a command where the clients shall be
   * @param urls where a client is known by its address, and by its cookie
   */
  constructor(spawn: (...command: string[]) => ChildProcess, count: number, urls: { address: string; cookie: string }) {
    const flags = ['--disable-warning=ExperimentalWarning'];
    this.#child = spawn(process.execPath, ...flags, CLIENTS, String(count), urls.address, urls.cookie);
    this.#ready = new Promise((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`the clients ended with ${code}`)));
      this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        if (this.#output.startsWith('ready\n')) resolve();
      });
    });
    this.#ready.catch(() => {});
  }

  /** Each client has its session. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Ends them, if they still run, without a word. */
  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async end(): Promise<SessionResult> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
    return JSON.parse(this.#output.slice(this.#output.indexOf('\n') + 1)) as SessionResult;
  }
}
