/** Tells systemd how the service is, when it started us with Type=notify. Elsewhere nothing happens. */
import { spawn } from 'node:child_process';

/** Node has no datagram sockets of the unix kind; systemd brings this program along. */
const PROGRAM = 'systemd-notify';

export type Notify = (...words: string[]) => void;

function notifyWith(env: NodeJS.ProcessEnv): Notify {
  return (...words) => {
    const child = spawn(PROGRAM, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', (error) => process.stderr.write(`${PROGRAM}: ${error.message}\n`));
    child.unref();
  };
}

export class Systemd {
  readonly #notify: Notify | null;
  readonly #watchdogMs: number;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(env: NodeJS.ProcessEnv = process.env, notify: Notify = notifyWith(env)) {
    this.#notify = env.NOTIFY_SOCKET ? notify : null;
    const ours = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
    this.#watchdogMs = ours ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0;
  }

  /** The service answers. From now on the watchdog hears from us three times in its interval, as long as we are awake. */
  ready(): void {
    this.#notify?.('--ready', '--status=running');
    if (this.#notify === null || !(this.#watchdogMs > 0)) return;
    this.#watchdog = setInterval(() => this.#notify?.('WATCHDOG=1'), this.#watchdogMs / 3);
    this.#watchdog.unref();
  }

  stopping(): void {
    if (this.#watchdog) clearInterval(this.#watchdog);
    this.#notify?.('STOPPING=1', '--status=ending what is under way');
  }
}
